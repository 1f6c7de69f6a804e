#pragma once
#include <functional>
#include <string>
#include <vector>

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
};

/// "term", "bound", "schedule" or "function".
std::string name(Word::Kind kind);

/// All words: the built-in ones, an explicit list, and those that register_word() added.
const std::vector<Word>& vocabulary();

/// Adds a word of the user's own; every expression and every command of the program knows it then.
/// Call it before run_program(). Throws Error for a name that is taken or is no identifier.
void register_word(Word word);

/// Adds a term without arguments. `values` records its values on a draw, [S, B], [B] or rank 0, of
/// which the term is the mean; it is minimised. Of the quantity only the name must be given; where
/// it does not say what it moves, that is everything.
void register_term(Quantity quantity, std::function<Var(Draw&)> values);

}  // namespace nelbo
