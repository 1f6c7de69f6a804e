#include "models/worlds/dense.hpp"

#include <algorithm>
#include <cmath>

#include "autodiff/factorisation.hpp"

namespace nelbo::dense {
namespace {

Tensor zeros(std::int64_t rows, std::int64_t columns) {
  return Tensor(Shape{rows, columns}, DType::f64);
}

template <class F>
Tensor elementwise(const Tensor& a, const Tensor& b, F f) {
  Tensor result(a.shape(), DType::f64);
  const double *x = a.data_as<double>(), *y = b.data_as<double>();
  std::transform(x, x + a.size(), y, result.data_as<double>(), f);
  return result;
}

}  // namespace

Tensor column(const Tensor& v) { return v.reshape({v.size(), 1}); }

Tensor diagonal(const Tensor& v) {
  const std::int64_t n = v.size();
  Tensor result = zeros(n, n);
  for (std::int64_t i = 0; i < n; ++i) {
    result.data_as<double>()[i * n + i] = v.data_as<double>()[i];
  }
  return result;
}

Tensor diagonal_of(const Tensor& a) {
  const std::int64_t n = a.shape()[0];
  Tensor result = zeros(n, 1);
  for (std::int64_t i = 0; i < n; ++i) {
    result.data_as<double>()[i] = a.data_as<double>()[i * n + i];
  }
  return result;
}

Tensor identity(std::int64_t n) { return diagonal(Tensor::full({n}, 1, DType::f64)); }

Tensor transposed(const Tensor& a) { return a.transpose(0, 1).contiguous(); }

Tensor operator*(const Tensor& a, const Tensor& b) {
  const std::int64_t rows = a.shape()[0], inner = a.shape()[1], columns = b.shape()[1];
  Tensor result = zeros(rows, columns);
  const double *x = a.data_as<double>(), *y = b.data_as<double>();
  double* to = result.data_as<double>();
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t k = 0; k < inner; ++k) {
      for (std::int64_t j = 0; j < columns; ++j) {
        to[i * columns + j] += x[i * inner + k] * y[k * columns + j];
      }
    }
  }
  return result;
}

Tensor operator*(double factor, const Tensor& a) {
  return elementwise(a, a, [factor](double x, double) { return factor * x; });
}

Tensor operator+(const Tensor& a, const Tensor& b) { return elementwise(a, b, std::plus<>()); }

Tensor operator-(const Tensor& a, const Tensor& b) { return elementwise(a, b, std::minus<>()); }

double trace(const Tensor& a) {
  double sum = 0;
  for (std::int64_t i = 0; i < a.shape()[0]; ++i) sum += a.at({i, i});
  return sum;
}

double dot(const Tensor& a, const Tensor& b) {
  double sum = 0;
  for (std::int64_t i = 0; i < a.size(); ++i)
    sum += a.data_as<double>()[i] * b.data_as<double>()[i];
  return sum;
}

double sum_log(const Tensor& v) {
  double sum = 0;
  for (std::int64_t i = 0; i < v.size(); ++i) sum += std::log(v.data_as<double>()[i]);
  return sum;
}

Factor::Factor(const Tensor& a) : lower_(cholesky_of(a)) {
  const double* l = lower_.data_as<double>();
  positive_definite_ =
      std::all_of(l, l + lower_.size(), [](double element) { return std::isfinite(element); });
}

double Factor::log_determinant() const { return 2 * sum_log(diagonal_of(lower_)); }

Tensor Factor::whiten(const Tensor& b) const { return triangular_solution(lower_, b, false); }

Tensor Factor::solve(const Tensor& b) const { return triangular_solution(lower_, whiten(b), true); }

Tensor Factor::inverse() const { return solve(identity(lower_.shape()[0])); }

}  // namespace nelbo::dense
