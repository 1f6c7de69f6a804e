// Registry rows of matrix products, linear layers and nonlinearities: references by definition.
#include <algorithm>
#include <cmath>
#include <utility>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/linear_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/registry/rows.hpp"

namespace nelbo {
namespace {

/// [..., M, K] x [..., K, N] by its definition, leading axes broadcast.
Tensor reference_matmul(const Tensor& a, const Tensor& b) {
  const std::int64_t m = a.shape()[-2], k = a.shape()[-1], n = b.shape()[-1];
  const std::int64_t ba = m * k > 0 ? a.size() / (m * k) : 1,
                     bb = k * n > 0 ? b.size() / (k * n) : 1;
  const std::int64_t batch = std::max(ba, bb);
  Shape shape = a.shape().rank() >= b.shape().rank() ? a.shape() : b.shape();
  for (int i = 0; i + 2 < shape.rank(); ++i) {
    shape[i] = std::max(a.shape().rank() > i + 2 ? a.shape()[i] : 1,
                        b.shape().rank() > i + 2 ? b.shape()[i] : 1);
  }
  shape[-2] = m;
  shape[-1] = n;
  Tensor y(shape, DType::f64);
  const std::vector<double> x = a.values(), w = b.values();
  for (std::int64_t i = 0; i < batch && y.size(); ++i)
    for (std::int64_t r = 0; r < m; ++r)
      for (std::int64_t c = 0; c < n; ++c) {
        double sum = 0;
        for (std::int64_t l = 0; l < k; ++l) {
          sum +=
              x[(ba == 1 ? 0 : i) * m * k + r * k + l] * w[(bb == 1 ? 0 : i) * k * n + l * n + c];
        }
        y.data_as<double>()[(i * m + r) * n + c] = sum;
      }
  return y;
}

double activated(double v, Activation activation) {
  switch (activation) {
    case Activation::identity:
      return v;
    case Activation::relu:
      return v > 0 ? v : 0;
    case Activation::tanh:
      return std::tanh(v);
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-v));
    case Activation::softplus:
      return std::log1p(std::exp(v));
    case Activation::elu:
      return v > 0 ? v : std::expm1(v);
    case Activation::silu:
      return v / (1 + std::exp(-v));
    case Activation::gelu:
      return v * 0.5 * std::erfc(-v / std::sqrt(2.0));
    case Activation::leaky_relu:
      return v > 0 ? v : leaky_slope * v;
  }
  return v;
}

OperatorRow linear_row(Activation activation, std::vector<std::vector<Operand>> samples) {
  OperatorRow row;
  row.name = "linear";
  row.variant = "activation " + std::to_string(int(activation));
  row.apply = [=](const std::vector<Var>& in) {
    return std::vector<Var>{linear(in[0], in[1], in[2], activation)};
  };
  row.reference = [=](const std::vector<Tensor>& in) {
    const std::int64_t width = in[1].shape()[0];
    Tensor y = reference_matmul(in[0].reshape({width ? in[0].size() / width : 0, width}), in[1]);
    const std::int64_t n = y.shape()[1];
    for (std::int64_t i = 0; i < y.size(); ++i) {
      double& v = y.data_as<double>()[i];
      v = activated(v + in[2].at({i % n}), activation);
    }
    Shape shape = in[0].shape();
    shape[-1] = n;
    return std::vector<Tensor>{y.reshape(shape)};
  };
  row.composed = [=](const std::vector<Var>& in) {
    return std::vector<Var>{activate(matmul(in[0], in[1]) + in[2], activation)};
  };
  row.samples = std::move(samples);
  row.tolerance_f32 = 1e-5;
  row.tolerance_f64 = 1e-13;
  return row;
}

}  // namespace

std::vector<OperatorRow> linear_rows() {
  OperatorRow product;
  product.name = "matmul";
  product.apply = [](const std::vector<Var>& in) { return std::vector<Var>{matmul(in[0], in[1])}; };
  product.reference = [](const std::vector<Tensor>& in) {
    return std::vector<Tensor>{reference_matmul(in[0], in[1])};
  };
  product.tolerance_f32 = 1e-5;
  product.tolerance_f64 = 1e-13;
  product.samples = {
      {{.shape = {1, 1}}, {.shape = {1, 1}}},
      {{.shape = {17, 5}}, {.shape = {5, 33}}},
      {{.shape = {0, 3}}, {.shape = {3, 4}}},
      {{.shape = {3, 0}}, {.shape = {0, 4}}},
      {{.shape = {2, 3, 4, 5}}, {.shape = {2, 3, 5, 6}}},
      {{.shape = {3, 4, 5}}, {.shape = {5, 6}}},
      {{.shape = {4, 5}}, {.shape = {3, 5, 6}}},
  };
  std::vector<OperatorRow> rows{product};
  OperatorRow nonlinearity;
  nonlinearity.name = "activate";
  nonlinearity.apply = [](const std::vector<Var>& in) {
    return std::vector<Var>{activate(in[0], Activation::silu)};
  };
  nonlinearity.reference = [](const std::vector<Tensor>& in) {
    Tensor y = in[0].cast(DType::f64);
    for (std::int64_t i = 0; i < y.size(); ++i) {
      y.data_as<double>()[i] = activated(y.data_as<double>()[i], Activation::silu);
    }
    return std::vector<Tensor>{y};
  };
  nonlinearity.samples = {{{.shape = {3, 5}}}};
  rows.push_back(nonlinearity);
  product.variant = "of transposed views";
  product.apply = [](const std::vector<Var>& in) {
    return std::vector<Var>{transpose(matmul(transpose(in[1]), transpose(in[0])))};
  };
  product.samples = {{{.shape = {17, 5}}, {.shape = {5, 33}}},
                     {{.shape = {2, 4, 5}}, {.shape = {2, 5, 6}}}};
  rows.push_back(product);
  const std::vector<std::vector<Operand>> small{
      {{.shape = {2, 3}}, {.shape = {3, 4}}, {.shape = {4}}}};
  for (Activation a : {Activation::relu, Activation::sigmoid, Activation::softplus, Activation::elu,
                       Activation::silu, Activation::gelu, Activation::leaky_relu}) {
    rows.push_back(linear_row(a, small));
  }
  rows.push_back(
      linear_row(Activation::tanh, {{{.shape = {3, 4, 19}}, {.shape = {19, 35}}, {.shape = {35}}},
                                    {{.shape = {1, 1}}, {.shape = {1, 1}}, {.shape = {1}}},
                                    {{.shape = {0, 2}}, {.shape = {2, 3}}, {.shape = {3}}}}));
  rows.push_back(
      linear_row(Activation::identity, {{{.shape = {7}}, {.shape = {7, 5}}, {.shape = {5}}}}));
  rows.back().composed = nullptr;  // matmul wants a matrix
  return rows;
}

}  // namespace nelbo
