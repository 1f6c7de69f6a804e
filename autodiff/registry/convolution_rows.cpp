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

Tensor reference_conv(const std::vector<Tensor>& in, int stride, int padding,
                      Activation activation) {
  const Shape xs = in[0].shape(), ws = in[1].shape();
  const ConvolutionShape s{xs[0],
                           xs[1],
                           xs[2],
                           xs[3],
                           (xs[1] + 2 * padding - ws[2]) / stride + 1,
                           (xs[2] + 2 * padding - ws[3]) / stride + 1,
                           ws[0],
                           ws[2],
                           ws[3],
                           stride,
                           padding};
  Tensor y({s.batch, s.out_height, s.out_width, s.features}, DType::f64);
  for (std::int64_t i = 0; i < y.size(); ++i) y.data_as<double>()[i] = in[2].at({i % s.features});
  for_each_tap(s, [&](auto b, auto iy, auto ix, auto oy, auto ox, auto ky, auto kx) {
    for (std::int64_t o = 0; o < s.features; ++o)
      for (std::int64_t c = 0; c < s.channels; ++c)
        y.set({b, oy, ox, o},
              y.at({b, oy, ox, o}) + in[0].at({b, iy, ix, c}) * in[1].at({o, c, ky, kx}));
  });
  return activated(y, activation);
}

Tensor reference_transpose(const std::vector<Tensor>& in, int stride, int padding,
                           Activation activation) {
  const Shape xs = in[0].shape(), ws = in[1].shape();
  const ConvolutionShape s{xs[0],
                           (xs[1] - 1) * stride - 2 * padding + ws[2],
                           (xs[2] - 1) * stride - 2 * padding + ws[3],
                           ws[1],
                           xs[1],
                           xs[2],
                           ws[0],
                           ws[2],
                           ws[3],
                           stride,
                           padding};
  Tensor y({s.batch, s.height, s.width, s.channels}, DType::f64);
  for (std::int64_t i = 0; i < y.size(); ++i) y.data_as<double>()[i] = in[2].at({i % s.channels});
  for_each_tap(s, [&](auto b, auto iy, auto ix, auto oy, auto ox, auto ky, auto kx) {
    for (std::int64_t o = 0; o < s.features; ++o)
      for (std::int64_t c = 0; c < s.channels; ++c)
        y.set({b, iy, ix, c},
              y.at({b, iy, ix, c}) + in[0].at({b, oy, ox, o}) * in[1].at({o, c, ky, kx}));
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
    return std::vector<Tensor>{
        (transposed ? reference_transpose : reference_conv)(in, stride, padding, activation)};
  };
  row.samples = {
      {{.shape = x}, {.shape = weight}, {.shape = {transposed ? weight[1] : weight[0]}}}};
  row.tolerance_f32 = 1e-5;
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
      conv_row(true, 2, 1, A::tanh, {2, 3, 4, 5}, {5, 9, 4, 4}),
      conv_row(true, 2, 1, A::identity, {2, 4, 4, 17}, {17, 1, 4, 4}),
      conv_row(true, 1, 0, A::tanh, {1, 3, 3, 2}, {2, 8, 3, 2}),
      conv_row(true, 3, 1, A::identity, {2, 3, 2, 4}, {4, 8, 2, 3}),
      conv_row(true, 1, 0, A::identity, {1, 1, 1, 1}, {1, 1, 1, 1}),
  };
}

}  // namespace nelbo
