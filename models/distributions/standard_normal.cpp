#include "models/distributions/standard_normal.hpp"

#include <cmath>
#include <numbers>

#include "autodiff/error.hpp"
#include "autodiff/ops/density_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {

Var StandardNormal::log_prob(Var x) const {
  if (x.shape().rank() < 1 || x.shape()[-1] != dimensions) {
    throw Error("standard_normal log_prob: " + x.shape().text() + " does not end in an axis of " +
                std::to_string(dimensions) + " dimensions");
  }
  return standard_normal_log_prob(x);
}

Var StandardNormal::sample(Var noise) const { return stop(noise); }

Var StandardNormal::entropy() const {
  constexpr double pi = std::numbers::pi, e = std::numbers::e;
  return Tape::current().constant(0.5 * double(dimensions) * std::log(2 * pi * e), dtype);
}

Var StandardNormal::expectation() const { return Tape::current().leaf({dimensions}, dtype); }

}  // namespace nelbo
