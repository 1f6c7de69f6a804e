#include "objectives/draw/estimate_bound.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "objectives/bounds/bound_op.hpp"
#include "objectives/bounds/bounds.hpp"

namespace nelbo {

Var first_samples(Var x, const Bound& bound) {
  return x.shape()[0] == bound.samples() ? x : slice(x, 0, 0, bound.samples());
}

Var sampled_bound(Draw& draw, const Bound& bound) {
  return bound_value(bound, first_samples(draw.codes().log_weights(), bound));
}

Var estimate(Draw& draw, const Bound& wanted) {
  const bool mean = wanted.samples() == 1 && draw.samples() > 1;
  const Bound bound = mean ? bounds::mc(draw.samples(), wanted) : wanted;
  if (draw.samples() < bound.samples()) {
    throw Error(bound.text() + " needs " + std::to_string(bound.samples()) +
                " samples per datum, the draw has " + std::to_string(draw.samples()));
  }
  if (draw.estimation()) return draw.estimation()->bound(draw, bound);
  return bound_value(bound, first_samples(draw.log_weights(), bound));
}

}  // namespace nelbo
