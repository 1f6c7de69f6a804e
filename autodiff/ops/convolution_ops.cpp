#include "autodiff/ops/convolution_ops.hpp"

#include <cmath>
#include <string>

#include "autodiff/convolution.hpp"
#include "autodiff/error.hpp"
#include "autodiff/internal/epilogue.hpp"
#include "autodiff/operator.hpp"
#include "autodiff/ops/linear_ops.hpp"

namespace nelbo {
namespace {

struct Saved {
  ConvolutionShape shape;
  Activation activation;
};

/// Bias and activation of y [rows, columns] backward; returns the cotangent of the product.
template <class T>
T* through_epilogue(const Frame& f, const Saved& s, std::int64_t columns) {
  const std::int64_t rows = columns ? f.out_shape().size() / columns : 0;
  T* dy = f.cotangent<T>();
  Frame::Adjoint<T> bias{nullptr, false};
  if (f.wants(2)) bias = f.adjoint<T>(2);
  epilogue_backward(s.activation, f.out<T>(), dy, rows, columns, bias.data, bias.add);
  return dy;
}

double multiply_adds(const Frame& f) {
  const ConvolutionShape& shape = f.saved<Saved>().shape;
  return double(shape.rows()) * double(shape.patch()) * double(shape.features);
}

const Op conv2d_op{
    .name = "conv2d",
    .forward =
        [](const Frame& f) {
          const auto& s = f.saved<Saved>();
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            correlate<T>(s.shape, f.in<T>(0), f.in<T>(1), f.in<T>(2), s.activation, f.out<T>());
          });
        },
    .vjp =
        [](const Frame& f) {
          const auto& s = f.saved<Saved>();
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const T* dy = through_epilogue<T>(f, s, s.shape.features);
            if (f.wants(1)) {
              const auto to = f.adjoint<T>(1);
              correlate_weight_gradient<T>(s.shape, f.in<T>(0), dy, to.data, to.add);
            }
            if (f.wants(0)) {
              const auto to = f.adjoint<T>(0);
              spread<T>(s.shape, dy, f.in<T>(1), nullptr, Activation::identity, to.data, to.add);
            }
          });
        },
    .multiply_adds = multiply_adds,
};

const Op conv_transpose2d_op{
    .name = "conv_transpose2d",
    .forward =
        [](const Frame& f) {
          const auto& s = f.saved<Saved>();
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            spread<T>(s.shape, f.in<T>(0), f.in<T>(1), f.in<T>(2), s.activation, f.out<T>());
          });
        },
    .vjp =
        [](const Frame& f) {
          const auto& s = f.saved<Saved>();
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const T* dy = through_epilogue<T>(f, s, s.shape.channels);
            if (f.wants(1)) {
              const auto to = f.adjoint<T>(1);
              correlate_weight_gradient<T>(s.shape, dy, f.in<T>(0), to.data, to.add);
            }
            if (f.wants(0)) {
              const auto to = f.adjoint<T>(0);
              correlate<T>(s.shape, dy, f.in<T>(1), nullptr, Activation::identity, to.data, to.add);
            }
          });
        },
    .multiply_adds = multiply_adds,
};

void check(const char* op, bool fits, Var x, Var weight, Var bias, int stride, int padding) {
  if (fits) return;
  throw Error(std::string(op) + ": x " + x.shape().text() + ", weight " + weight.shape().text() +
              ", bias " + bias.shape().text() + ", stride " + std::to_string(stride) +
              ", padding " + std::to_string(padding) + " do not fit");
}

bool ranks_fit(Var x, Var weight, Var bias, int stride, int padding) {
  return x.shape().rank() == 4 && weight.shape().rank() == 4 && bias.shape().rank() == 1 &&
         stride >= 1 && padding >= 0 && weight.shape()[2] > 0 && weight.shape()[3] > 0;
}

}  // namespace

Var conv2d(Var x, Var weight, Var bias, int stride, int padding, Activation activation) {
  if (!follows_from_value(activation)) {
    return activate(conv2d(x, weight, bias, stride, padding), activation);
  }
  const Shape &xs = x.shape(), &ws = weight.shape();
  check("conv2d",
        ranks_fit(x, weight, bias, stride, padding) && xs[3] == ws[1] && bias.shape()[0] == ws[0] &&
            xs[1] + 2 * padding >= ws[2] && xs[2] + 2 * padding >= ws[3],
        x, weight, bias, stride, padding);
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
  return record(conv2d_op, {x, weight, bias}, {s.batch, s.out_height, s.out_width, s.features},
                Saved{s, activation});
}

Var conv_transpose2d(Var x, Var weight, Var bias, int stride, int padding, Activation activation) {
  if (!follows_from_value(activation)) {
    return activate(conv_transpose2d(x, weight, bias, stride, padding), activation);
  }
  const Shape &xs = x.shape(), &ws = weight.shape();
  const bool fits =
      ranks_fit(x, weight, bias, stride, padding) && xs[3] == ws[0] && bias.shape()[0] == ws[1];
  const std::int64_t height = fits ? (xs[1] - 1) * stride - 2 * padding + ws[2] : 0;
  const std::int64_t width = fits ? (xs[2] - 1) * stride - 2 * padding + ws[3] : 0;
  check("conv_transpose2d", fits && height > 0 && width > 0, x, weight, bias, stride, padding);
  const ConvolutionShape s{xs[0], height, width, ws[1],  xs[1],  xs[2],
                           ws[0], ws[2],  ws[3], stride, padding};
  return record(conv_transpose2d_op, {x, weight, bias}, {s.batch, height, width, ws[1]},
                Saved{s, activation});
}

}  // namespace nelbo
