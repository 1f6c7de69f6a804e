#pragma once
#include <string>

#include "autodiff/setting_error.hpp"
#include "models/model.hpp"

namespace nelbo {

/// Throws SettingError for a network of an estimator's own, called `what`, that would see missing entries: x
/// holds NaN in their place.
inline void check_network_of_x(const Model& model, const std::string& what) {
  if (model.likelihood() == nullptr || !model.likelihood()->of_observed()) return;
  throw SettingError("estimator", what +
                                      " is a network of x, of which entries are missing; "
                                      "choose another estimator");
}

}  // namespace nelbo
