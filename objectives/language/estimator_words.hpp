#pragma once
#include <functional>
#include <string>
#include <vector>

#include "objectives/estimators/estimator.hpp"
#include "objectives/language/call.hpp"

namespace nelbo {

/// A name that parse_estimator takes.
struct EstimatorWord {
  std::string name;
  std::string usage;  // "vimco(geometric|arithmetic)"
  std::function<Estimator(Call&)> make;
};

/// All estimators: the built-in ones, an explicit list, and those that register_estimator() added.
const std::vector<EstimatorWord>& estimator_vocabulary();

/// Adds an estimator of the user's own; every command of the program knows it then. Call it before
/// run_program(). Throws Error for a name that is taken or is no identifier.
void register_estimator(EstimatorWord word);
/// The same for one without arguments, by its own text.
void register_estimator(const Estimator& estimator);

/// Reads "vimco(arithmetic)". Throws Error for anything that is not in the vocabulary.
Estimator parse_estimator(const std::string& text);

}  // namespace nelbo
