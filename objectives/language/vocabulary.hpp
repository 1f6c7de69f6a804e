#pragma once
#include <functional>
#include <string>
#include <vector>

#include "models/registry.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/language/call.hpp"

namespace nelbo {

/// A name of the expression language.
struct Word {
  enum class Kind { term, bound, schedule, function };

  std::string name;
  std::string usage;    // "tc(scheme=strat, groups=..., level=between|within)"
  std::string meaning;  // one line
  Kind kind = Kind::term;
  std::function<Term(Call&)> make;

  /// "term", "bound", "schedule" or "function".
  std::string kind_name() const;
};

/// All words: the built-in ones, and a program's own, which every expression and every command of that
/// program knows.
Registry<Word>& vocabulary();

/// Adds a term without arguments. `values` records its values on a draw, [S, B], [B] or rank 0, of
/// which the term is the mean; it is minimised. Of the quantity only the name must be given; where
/// it does not say what it moves, that is everything.
void register_term(Quantity quantity, std::function<Var(Draw&)> values);

}  // namespace nelbo
