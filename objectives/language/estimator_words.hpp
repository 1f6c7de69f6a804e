#pragma once
#include <functional>
#include <string>
#include <vector>

#include "models/registry.hpp"
#include "objectives/estimators/estimator.hpp"
#include "objectives/language/call.hpp"

namespace nelbo {

/// A name that parse_estimator takes.
struct EstimatorWord {
  std::string name;
  std::string usage;  // "vimco(geometric|arithmetic)"
  std::function<Estimator(Call&)> make;
};

/// All estimators: the built-in ones, and a program's own, which every command of that program knows.
Registry<EstimatorWord>& estimator_vocabulary();

/// Reads "vimco(arithmetic)". Throws Error for anything that is not in the vocabulary.
Estimator parse_estimator(const std::string& text);

}  // namespace nelbo
