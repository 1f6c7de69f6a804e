#pragma once
#include <string>
#include <vector>

#include "autodiff/activation.hpp"

namespace nelbo {

/// The activation of a name. Throws Error naming the nearest, or all there are.
Activation parse_activation(const std::string& name);

/// relu, leaky_relu, elu, ...
std::vector<std::string> activation_names();

}  // namespace nelbo
