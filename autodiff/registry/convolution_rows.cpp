// Registry rows of the convolutions: references by definition.
#include <cmath>
#include <string>

#include "autodiff/convolution.hpp"
#include "autodiff/ops/convolution_ops.hpp"
#include "autodiff/registry/rows.hpp"

namespace nelbo {
namespace {

/// Both operators from their definition: every (image pixel, feature, tap) that meets.
template <class F>
void for_each_tap(const ConvolutionShape& s, F&& visit) {
  for (std::int64_t b = 0; b < s.batch; ++b)
    for (std::int64_t oy = 0; oy < s.out_height; ++oy)
      for (std::int64_t ox = 0; ox < s.out_width; ++ox)
        for (std::int64_t ky = 0; ky < s.kernel_height; ++ky)
          for (std::int64_t kx = 0; kx < s.kernel_width; ++kx) {
            const std::int64_t y = oy * s.stride - s.padding + ky;
            const std::int64_t x = ox * s.stride - s.padding + kx;
            if (y >= 0 && y < s.height && x >= 0 && x < s.width) visit(b, y, x, oy, ox, ky, kx);
          }
}

Tensor activated(Tensor y, Activation activation) {
  for (std::int64_t i = 0; i < y.size(); ++i) {
    double& v = y.data_as<double>()[i];
    if (activation == Activation::relu) v = v > 0 ? v : 0;
    if (activation == Activation::tanh) v = std::tanh(v);
  }
  return y;
}

/// The convolution from an image to features; a transposed one has features as its x.
ConvolutionShape shape_of(bool transposed, const Shape& x, const Shape& w, int stride,
                          int padding) {
  const auto result = [&](int axis) {
    return transposed ? (x[axis] - 1) * stride - 2 * padding + w[axis + 1]
                      : (x[axis] + 2 * padding - w[axis + 1]) / stride + 1;
  };
  if (transposed) {
    return {x[0], result(1), result(2), w[1], x[1], x[2], w[0], w[2], w[3], stride, padding};
  }
  return {x[0], x[1], x[2], x[3], result(1), result(2), w[0], w[2], w[3], stride, padding};
}

Tensor reference(bool transposed, const std::vector<Tensor>& in, int stride, int padding,
                 Activation activation) {
  const Tensor &x = in[0], &weight = in[1], &bias = in[2];
  const ConvolutionShape s = shape_of(transposed, x.shape(), weight.shape(), stride, padding);
  Tensor y(transposed ? Shape{s.batch, s.height, s.width, s.channels}
                      : Shape{s.batch, s.out_height, s.out_width, s.features},
           DType::f64);
  for (std::int64_t i = 0; i < y.size(); ++i) y.data_as<double>()[i] = bias.at({i % bias.size()});
  for_each_tap(s, [&](auto b, auto iy, auto ix, auto oy, auto ox, auto ky, auto kx) {
    for (std::int64_t o = 0; o < s.features; ++o)
      for (std::int64_t c = 0; c < s.channels; ++c) {
        const double w = weight.at({o, c, ky, kx});
        if (transposed) {
          y.set({b, iy, ix, c}, y.at({b, iy, ix, c}) + x.at({b, oy, ox, o}) * w);
        } else {
          y.set({b, oy, ox, o}, y.at({b, oy, ox, o}) + x.at({b, iy, ix, c}) * w);
        }
      }
  });
  return activated(y, activation);
}

OperatorRow conv_row(bool transposed, int stride, int padding, Activation activation, Shape x,
                     Shape weight) {
  OperatorRow row;
  row.name = transposed ? "conv_transpose2d" : "conv2d";
  row.variant = "x " + x.text() + ", weight " + weight.text() + ", stride " +
                std::to_string(stride) + ", padding " + std::to_string(padding);
  row.apply = [=](const std::vector<Var>& in) {
    return std::vector<Var>{
        (transposed ? conv_transpose2d : conv2d)(in[0], in[1], in[2], stride, padding, activation)};
  };
  row.reference = [=](const std::vector<Tensor>& in) {
    return std::vector<Tensor>{reference(transposed, in, stride, padding, activation)};
  };
  row.samples = {
      {{.shape = x}, {.shape = weight}, {.shape = {transposed ? weight[1] : weight[0]}}}};
  const std::int64_t terms = weight[2] * weight[3] * weight[transposed ? 0 : 1];
  row.tolerance_f32 = terms < 200 ? 1e-5 : 2e-5;
  row.tolerance_f64 = 1e-13;
  return row;
}

}  // namespace

std::vector<OperatorRow> convolution_rows() {
  using A = Activation;
  return {
      conv_row(false, 2, 1, A::tanh, {2, 6, 8, 3}, {5, 3, 4, 4}),
      conv_row(false, 2, 1, A::identity, {3, 8, 8, 1}, {17, 1, 4, 4}),
      conv_row(false, 1, 0, A::tanh, {1, 5, 4, 9}, {2, 9, 3, 2}),
      conv_row(false, 3, 2, A::identity, {2, 7, 5, 2}, {3, 2, 2, 5}),
      conv_row(false, 1, 0, A::identity, {1, 1, 1, 1}, {1, 1, 1, 1}),
      conv_row(false, 1, 0, A::identity, {0, 3, 3, 2}, {4, 2, 3, 3}),
      conv_row(false, 2, 1, A::tanh, {1, 8, 8, 16}, {16, 16, 4, 4}),
      conv_row(true, 2, 1, A::tanh, {1, 4, 4, 16}, {16, 16, 4, 4}),
      conv_row(false, 2, 1, A::identity, {0, 8, 8, 16}, {16, 16, 4, 4}),
      conv_row(true, 2, 1, A::identity, {0, 4, 4, 16}, {16, 16, 4, 4}),
      conv_row(false, 2, 1, A::identity, {1, 8, 8, 16}, {0, 16, 4, 4}),
      conv_row(true, 2, 1, A::tanh, {2, 3, 4, 5}, {5, 9, 4, 4}),
      conv_row(true, 2, 1, A::identity, {2, 4, 4, 17}, {17, 1, 4, 4}),
      conv_row(true, 1, 0, A::tanh, {1, 3, 3, 2}, {2, 8, 3, 2}),
      conv_row(true, 3, 1, A::identity, {2, 3, 2, 4}, {4, 8, 2, 3}),
      conv_row(true, 1, 0, A::identity, {1, 1, 1, 1}, {1, 1, 1, 1}),
  };
}

}  // namespace nelbo
