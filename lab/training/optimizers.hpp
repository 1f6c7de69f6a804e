#pragma once
#include <string>

#include "autodiff/optimizer.hpp"
#include "models/registry.hpp"

namespace nelbo {

/// A name of optimisers.
struct OptimizerWord {
  std::string name;
  std::string summary;  // one line for --help
  OptimizerConfig config;
};

/// adam, adamw and sgd, and a program's own.
Registry<OptimizerWord>& optimizers();

}  // namespace nelbo
