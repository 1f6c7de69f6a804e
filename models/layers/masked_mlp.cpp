#include "models/layers/masked_mlp.hpp"

#include <algorithm>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/linear_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {
namespace {

/// Degrees of the hidden units: each sees the numbers up to its own degree and is seen by those above.
/// One of degree 0 sees the context alone.
std::vector<std::int64_t> hidden_degrees(const CodeOrder& order, bool context) {
  const std::int64_t units = std::max<std::int64_t>(64, 2 * order.dimensions());
  const std::int64_t least = context && !order.keeps_first ? 0 : 1;
  const std::int64_t count = std::max<std::int64_t>(1, order.last - least);
  std::vector<std::int64_t> degrees;
  for (std::int64_t k = 0; k < units; ++k) degrees.push_back(least + k * count / units);
  return degrees;
}

Tensor mask(std::int64_t rows, std::int64_t columns, DType dtype, auto&& sees) {
  Tensor all({rows, columns}, dtype);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) all.set({i, j}, sees(i, j) ? 1 : 0);
  }
  return all;
}

}  // namespace

CodeOrder autoregressive_order(std::int64_t dimensions, bool reversed) {
  CodeOrder order{.last = dimensions};
  for (std::int64_t d = 0; d < dimensions; ++d) {
    order.degrees.push_back(reversed ? dimensions - d : d + 1);
  }
  return order;
}

CodeOrder coupling_order(std::int64_t dimensions, bool odd) {
  CodeOrder order{.last = 2, .keeps_first = true};
  for (std::int64_t d = 0; d < dimensions; ++d)
    order.degrees.push_back((d % 2 == 1) == odd ? 2 : 1);
  return order;
}

MaskedMlp::MaskedMlp(ParameterStore& store, const std::string& name, const std::string& group,
                     const CodeOrder& order, std::int64_t context)
    : store_(&store), dimensions_(order.dimensions()) {
  const std::int64_t d = dimensions_;
  const std::vector<std::int64_t> units = hidden_degrees(order, context > 0);
  const auto h = std::int64_t(units.size());
  const auto degree = [&](std::int64_t output) { return order.degrees[std::size_t(output % d)]; };
  const auto of_unit = [&](std::int64_t unit) { return units[std::size_t(unit)]; };
  hidden_mask_ = mask(d, h, store.dtype(), [&](auto i, auto k) { return degree(i) <= of_unit(k); });
  output_mask_ =
      mask(h, 2 * d, store.dtype(), [&](auto k, auto j) { return of_unit(k) < degree(j); });
  if (order.keeps_first) {
    output_bias_mask_ =
        mask(1, 2 * d, store.dtype(), [&](auto, auto j) { return degree(j) > 1; }).reshape({2 * d});
  }
  hidden_weight_ = store.add(name + ".hidden.weight", group, {d, h}, he_uniform(d));
  // Without biases units were odd in z, and the way to an even function, as a bent posterior wants, flat.
  hidden_bias_ = store.add(name + ".hidden.bias", group, {h}, he_uniform(6));  // in (-1, 1)
  if (context > 0) {
    context_ = store.add(name + ".hidden.context", group, {context, h}, glorot_uniform(context, h));
  }
  output_weight_ = store.add(name + ".output.weight", group, {h, 2 * d}, zeros());
  output_bias_ = store.add(name + ".output.bias", group, {2 * d}, zeros());
}

MaskedMlp::Output MaskedMlp::operator()(Var z, std::optional<Var> context) const {
  Tape& tape = Tape::current();
  const auto parameter = [&](ParameterId id) { return tape.parameter(*store_, id); };
  const Var in = parameter(hidden_weight_) * tape.leaf(hidden_mask_);
  const Var out = parameter(output_weight_) * tape.leaf(output_mask_);
  const auto hidden = [&] {
    if (!context_) return linear(z, in, parameter(hidden_bias_), Activation::tanh);
    return tanh(linear(z, in, parameter(hidden_bias_)) + matmul(*context, parameter(*context_)));
  }();
  Var bias = parameter(output_bias_);
  if (output_bias_mask_) bias = bias * tape.leaf(*output_bias_mask_);
  const Var both = linear(hidden, out, bias);
  return {contiguous(slice(both, -1, 0, dimensions_)),
          contiguous(slice(both, -1, dimensions_, 2 * dimensions_)), hidden, in, out};
}

}  // namespace nelbo
