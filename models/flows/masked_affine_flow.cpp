#include "models/flows/masked_affine_flow.hpp"

#include <algorithm>
#include <numeric>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/flows/masked_affine_score.hpp"

namespace nelbo {

MaskedAffineFlow::MaskedAffineFlow(ParameterStore& store, const std::string& name,
                                   const std::string& group, const CodeOrder& order,
                                   std::int64_t context)
    : network_(store, name, group, order, context), order_(order) {
  std::vector<std::int64_t> places(order.degrees.size());
  std::iota(places.begin(), places.end(), 0);
  std::stable_sort(places.begin(), places.end(), [&](std::int64_t a, std::int64_t b) {
    return order.degrees[std::size_t(a)] > order.degrees[std::size_t(b)];
  });
  descending_ = std::make_shared<const std::vector<std::int64_t>>(std::move(places));
}

Transformed MaskedAffineFlow::forward(Var z, std::optional<Var> context) const {
  const MaskedMlp::Output network = network_(z, context);
  const Var log_scale = 2 * tanh(0.5 * network.second);
  return {z * exp(log_scale) + network.first, sum(log_scale, -1),
          [=, descending = descending_](Var score) {
            return masked_affine_score({.score = score,
                                        .z = z,
                                        .log_scale = log_scale,
                                        .hidden = network.hidden,
                                        .hidden_weight = network.hidden_weight,
                                        .output_weight = network.output_weight},
                                       descending);
          }};
}

Var MaskedAffineFlow::inverse(Var y, std::optional<Var> context) const {
  Var z = y;
  for (std::int64_t pass = order_.keeps_first ? 1 : 0; pass < order_.last; ++pass) {
    const MaskedMlp::Output network = network_(z, context);
    z = (y - network.first) * exp(-2 * tanh(0.5 * network.second));
  }
  return z;
}

}  // namespace nelbo
