// Registry rows of the factorisations: references by definition, in double.
#include <algorithm>
#include <cmath>

#include "autodiff/ops/linalg_ops.hpp"
#include "autodiff/registry/rows.hpp"

namespace nelbo {
namespace {

std::int64_t matrices(const Shape& shape) {
  return Shape(shape.dims().first(shape.rank() - 2)).size();
}

/// Numbers below the diagonal of the first n rows.
std::int64_t below_count(std::int64_t n) { return n * (n - 1) / 2; }

/// The factor of (a + a') / 2 by the definition, row by row.
Tensor reference_cholesky(const Tensor& a) {
  const std::int64_t n = a.shape()[-1];
  Tensor l(a.shape(), DType::f64);
  for (std::int64_t m = 0; m < matrices(a.shape()); ++m) {
    const double* in = a.data_as<double>() + m * n * n;
    double* out = l.data_as<double>() + m * n * n;
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j <= i; ++j) {
        double sum = (in[i * n + j] + in[j * n + i]) / 2;
        for (std::int64_t k = 0; k < j; ++k) sum -= out[i * n + k] * out[j * n + k];
        out[i * n + j] = i == j ? std::sqrt(sum) : sum / out[j * n + j];
      }
    }
  }
  return l;
}

Tensor reference_solve(const Tensor& l, const Tensor& b, bool transposed) {
  const std::int64_t n = b.shape()[-2], k = b.shape()[-1];
  Tensor x(b.shape(), DType::f64);
  for (std::int64_t m = 0; m < matrices(b.shape()); ++m) {
    const double* lower = l.data_as<double>() + m * n * n;
    const double* in = b.data_as<double>() + m * n * k;
    double* out = x.data_as<double>() + m * n * k;
    for (std::int64_t c = 0; c < k; ++c) {
      for (std::int64_t step = 0; step < n; ++step) {
        const std::int64_t i = transposed ? n - 1 - step : step;
        double sum = in[i * k + c];
        for (std::int64_t j = transposed ? i + 1 : 0; j < (transposed ? n : i); ++j) {
          sum -= (transposed ? lower[j * n + i] : lower[i * n + j]) * out[j * k + c];
        }
        out[i * k + c] = sum / lower[i * n + i];
      }
    }
  }
  return x;
}

}  // namespace

std::vector<OperatorRow> linalg_rows() {
  using Vars = std::vector<Var>;
  using Tensors = std::vector<Tensor>;
  const double nan = std::nan("");
  OperatorRow factor;
  factor.name = "cholesky";
  factor.apply = [](const Vars& x) { return Vars{cholesky(x[0])}; };
  factor.reference = [](const Tensors& x) { return Tensors{reference_cholesky(x[0])}; };
  factor.samples = {{{.shape = {3, 3}, .values = {4, 1, -0.5, 1, 3, 0.25, -0.5, 0.25, 2}}},
                    {{.shape = {2, 2, 2}, .values = {2, 0.5, 0.5, 1, 1, -0.25, -0.25, 3}}},
                    {{.shape = {1, 1}, .values = {2.25}}},
                    {{.shape = {0, 2, 2}}}};
  factor.edges = {{{Tensor::of({1, 2, 2, 1}, {2, 2}, DType::f64)}, {nan, nan, nan, nan}}};

  OperatorRow solve;
  solve.name = "triangular_solve";
  solve.apply = [](const Vars& x) { return Vars{triangular_solve(x[0], x[1])}; };
  solve.reference = [](const Tensors& x) { return Tensors{reference_solve(x[0], x[1], false)}; };
  const std::vector<double> lower{2, 9, 9, 0.5, 1.5, 9, -0.5, 0.25, 1};  // 9: must not be read
  solve.samples = {
      {{.shape = {3, 3}, .values = lower}, {.shape = {3, 4}}},
      {{.shape = {2, 2, 2}, .values = {2, 0, 0.5, 1, 1, 0, -0.25, 3}}, {.shape = {2, 2, 1}}}};
  OperatorRow transposed = solve;
  transposed.variant = "transposed";
  transposed.apply = [](const Vars& x) {
    return Vars{triangular_solve(x[0], x[1], Side::transposed)};
  };
  transposed.reference = [](const Tensors& x) {
    return Tensors{reference_solve(x[0], x[1], true)};
  };

  OperatorRow determinant;
  determinant.name = "log_determinant";
  determinant.apply = [](const Vars& x) { return Vars{log_determinant(x[0])}; };
  determinant.reference = [](const Tensors& x) {
    const std::int64_t n = x[0].shape()[-1];
    Tensor y(Shape(x[0].shape().dims().first(x[0].shape().rank() - 2)), DType::f64);
    for (std::int64_t m = 0; m < y.size(); ++m) {
      double product = 1;
      for (std::int64_t d = 0; d < n; ++d)
        product *= x[0].data_as<double>()[m * n * n + d * (n + 1)];
      y.data_as<double>()[m] = std::log(product * product);
    }
    return Tensors{y};
  };
  determinant.samples = {{{.shape = {3, 3}, .values = lower}},
                         {{.shape = {2, 2, 2}, .values = {2, 0, 0.5, -1, 1, 0, -0.25, 3}}}};

  OperatorRow triangle;
  triangle.name = "lower_triangular";
  triangle.apply = [](const Vars& x) { return Vars{lower_triangular(x[0], x[1])}; };
  triangle.reference = [](const Tensors& x) {
    const std::int64_t n = x[0].shape()[-1], all = x[0].size() / std::max<std::int64_t>(n, 1);
    Shape shape = x[0].shape();
    shape.push_back(n);
    Tensor l(shape, DType::f64);
    for (std::int64_t m = 0; m < all; ++m) {
      double* matrix = l.data_as<double>() + m * n * n;
      for (std::int64_t i = 0; i < n; ++i) {
        matrix[i * n + i] = x[0].data_as<double>()[m * n + i];
        for (std::int64_t j = 0; j < i; ++j) {
          matrix[i * n + j] = x[1].data_as<double>()[m * below_count(n) + below_count(i) + j];
        }
      }
    }
    return Tensors{l};
  };
  triangle.samples = {{{.shape = {3}}, {.shape = {3}}},
                      {{.shape = {2, 4}}, {.shape = {2, 6}}},
                      {{.shape = {2, 1}}, {.shape = {2, 0}}},
                      {{.shape = {0, 2}}, {.shape = {0, 1}}}};
  return {factor, solve, transposed, determinant, triangle};
}

}  // namespace nelbo
