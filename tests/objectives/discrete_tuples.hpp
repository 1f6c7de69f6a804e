#pragma once
// Expectations over discrete codes as finite sums: each tuple of codes is a datum of its own.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "autodiff/ops.hpp"
#include "objectives/bounds/bound_op.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/estimators/enumeration.hpp"

namespace nelbo::tests {

/// Every sequence of S codes, [S, C^S, D], in double.
inline Tensor all_tuples(const CodeSpace& space, std::int64_t samples) {
  const Tensor codes = estimators::all_codes(space, DType::f64);
  const std::int64_t C = codes.shape()[0], dimensions = space.dimensions();
  std::int64_t tuples = 1;
  for (std::int64_t s = 0; s < samples; ++s) tuples *= C;
  Tensor z({samples, tuples, dimensions}, DType::f64);
  for (std::int64_t t = 0; t < tuples; ++t) {
    for (std::int64_t s = 0, rest = t; s < samples; ++s, rest /= C) {
      for (std::int64_t d = 0; d < dimensions; ++d) {
        z.set({s, t, d}, codes.at({rest % C, 0, d}));
      }
    }
  }
  return z;
}

/// The row x [1, X] so many times.
inline Tensor repeated(const Tensor& x, std::int64_t times) {
  Tensor all({times, x.shape()[1]}, x.dtype());
  for (std::int64_t t = 0; t < times; ++t) {
    for (std::int64_t j = 0; j < x.shape()[1]; ++j) all.set({t, j}, x.at({0, j}));
  }
  return all;
}

/// E L of one datum x [1, X], on the current tape: sum over tuples of prod_s Q(z_s|x) times L,
/// differentiable by the product rule alone.
inline Var expected_bound(const Bound& bound, const CodeSpace& space, const Tensor& x,
                          const std::function<std::shared_ptr<const Posterior>(Var)>& posterior,
                          const std::function<Var(Var z, Var x)>& log_joint) {
  Tape& tape = Tape::current();
  const Var z = tape.leaf(all_tuples(space, bound.samples()));
  const Var data = tape.leaf(repeated(x, z.shape()[1]));
  const Var log_q = posterior(data)->log_prob(z);
  return sum(exp(sum(log_q, 0)) * bound_value(bound, log_joint(z, data) - log_q));
}

/// Bounds of up to four samples.
inline std::vector<Bound> small_bounds() {
  using namespace bounds;
  return {bounds::elbo(),
          mc(2, bounds::elbo()),
          mc(3, bounds::elbo()),
          iw(2),
          iw(3),
          miwae(2, 2),
          renyi(.5, 3),
          renyi(-1, 3),
          ciwae(.3, 3),
          vr_max(2),
          jackknife(3),
          tvo(4, 3),
          cubo(2, 3)};
}

}  // namespace nelbo::tests
