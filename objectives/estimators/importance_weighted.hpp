#pragma once
#include <string>

#include "objectives/bounds/bound.hpp"

namespace nelbo::estimators {

/// Why an estimator made for iw(m), and means of copies of it, is not defined; empty where it is.
inline std::string needs_importance_weights(const Bound& bound) {
  if (bound.inner().importance_weighted()) return "";
  return "it is made of importance weights; use iw(m), or mc(k, m)";
}

}  // namespace nelbo::estimators
