#include "models/flows/planar_flow.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {

PlanarFlow::PlanarFlow(ParameterStore& store, const std::string& name, const std::string& group,
                       std::int64_t dimensions, std::int64_t first)
    : store_(&store),
      dimensions_(dimensions),
      first_(first),
      weight_(store.add(name + ".weight", group, {dimensions}, glorot_uniform(dimensions, 1))) {}

Transformed PlanarFlow::forward(Var z, std::optional<Var> context) const {
  const std::int64_t d = dimensions_;
  const auto part = [&](std::int64_t from, std::int64_t to) {
    return contiguous(slice(*context, -1, first_ + from, first_ + to));
  };
  const Var v = part(0, d);
  const Var w = Tape::current().parameter(*store_, weight_) + part(d, 2 * d);  // [B, D]
  const Var a = sum(w * v, -1, Keep::yes);                                     // [B, 1]
  // w is 0 at no place that a training passes, and then u is v.
  const Var u = v + w * ((elu(a) - a) / maximum(sum(square(w), -1, Keep::yes), 1e-30));
  const Var bend = tanh(sum(z * w, -1, Keep::yes) + part(2 * d, 2 * d + 1));  // [S, B, 1]
  const Var slope = 1 - square(bend), w_u = elu(a);
  const Var log_det = log1p(slope * w_u);
  // J^T = I + slope w u', whose inverse is of rank one again (Sherman and Morrison), and
  // grad log |det J| = -2 bend slope w.u / (1 + slope w.u) w.
  const auto push_score = [=](Var score) {
    const Var tilt = exp(-stop(log_det)), along = stop(w);
    const Var from = score + along * stop(2 * bend * slope * w_u) * tilt;
    return from - along * (stop(slope) * tilt * sum(stop(u) * from, -1, Keep::yes));
  };
  return {z + u * bend, sum(log_det, -1), push_score};
}

Var PlanarFlow::inverse(Var, std::optional<Var>) const {
  throw Error(
      "a planar flow has no formula for its inverse: log Q is known of its own samples alone; use "
      "realnvp or iaf where codes come from elsewhere");
}

}  // namespace nelbo
