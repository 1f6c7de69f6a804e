#pragma once
#include <string>
#include <utility>
#include <vector>

#include "models/registry.hpp"

namespace nelbo {

/// A named objective of the literature, as an expression with parameters.
struct NamedObjective {
  std::string name;
  std::vector<std::pair<std::string, double>> parameters;  // with their defaults
  std::string expression;
  std::string citation;
};

/// All of them, and a program's own. Parameters are given by name or in their order:
/// beta_vae(beta=4), iwae(50).
Registry<NamedObjective>& objective_catalogue();

}  // namespace nelbo
