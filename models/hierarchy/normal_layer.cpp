#include "models/hierarchy/normal_layer.hpp"

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {

NormalLayer::NormalLayer(ParameterStore& store, const std::string& name, const std::string& group,
                         std::int64_t inputs, std::span<const std::int64_t> widths,
                         Activation activation, std::int64_t outputs)
    : hidden_(store, name, group, inputs, widths, activation),
      head_(store, name + ".head", group, hidden_.outputs(), 2 * outputs, Activation::identity,
            [outputs](std::int64_t in, std::int64_t) {
              return first_columns(2 * outputs, glorot_uniform(in, outputs));
            }),
      outputs_(outputs) {}

DiagNormal NormalLayer::of_features(Var h) const {
  const Var both = head_(h);
  const auto half = [&](std::int64_t i) {
    return contiguous(slice(both, -1, i * outputs_, (i + 1) * outputs_));
  };
  return {half(0), half(1)};
}

DiagNormal precision_weighted(const DiagNormal& a, const DiagNormal& b) {
  // With variances e^u and e^v: a's share of the precision is sigmoid(v - u), and the variance of the
  // product is e^u times it, without a quotient that could overflow.
  const Var difference = b.log_variance - a.log_variance, share = sigmoid(difference);
  return {b.mean + share * (a.mean - b.mean), a.log_variance - softplus(-difference)};
}

}  // namespace nelbo
