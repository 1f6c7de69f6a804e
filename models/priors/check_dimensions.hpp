#pragma once
#include "autodiff/error.hpp"
#include "models/priors/prior.hpp"

namespace nelbo {

/// Throws Error unless x ends in an axis of `dimensions`.
inline void check_dimensions(const Prior& prior, Var x, std::int64_t dimensions) {
  if (x.shape().rank() >= 1 && x.shape()[-1] == dimensions) return;
  throw Error("prior " + prior.text() + ": " + x.shape().text() + " does not end in an axis of " +
              std::to_string(dimensions) + " dimensions");
}

}  // namespace nelbo
