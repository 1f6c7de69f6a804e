#include "lab/statistics/symmetric_eigenvalues.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nelbo {
namespace {

/// Sum of squares above the diagonal.
double off_diagonal(const std::vector<double>& a, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) sum += a[i * n + j] * a[i * n + j];
  }
  return sum;
}

/// A rotation in the plane (p, q) that makes a[p, q] zero (Golub & Van Loan, section 8.5).
void rotate(std::vector<double>& a, std::size_t n, std::size_t p, std::size_t q) {
  if (a[p * n + q] == 0) return;
  const double tau = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
  const double t = (tau >= 0 ? 1 : -1) / (std::abs(tau) + std::hypot(1.0, tau));
  const double c = 1 / std::hypot(1.0, t), s = t * c;
  for (std::size_t k = 0; k < n; ++k) {
    const double x = a[k * n + p], y = a[k * n + q];
    a[k * n + p] = c * x - s * y, a[k * n + q] = s * x + c * y;
  }
  for (std::size_t k = 0; k < n; ++k) {
    const double x = a[p * n + k], y = a[q * n + k];
    a[p * n + k] = c * x - s * y, a[q * n + k] = s * x + c * y;
  }
}

}  // namespace

std::vector<double> symmetric_eigenvalues(std::vector<double> a, std::size_t n) {
  double all = 0;
  for (const double entry : a) all += entry * entry;
  if (!std::isfinite(all)) {
    return std::vector<double>(n, std::numeric_limits<double>::quiet_NaN());
  }
  constexpr int most_sweeps = 60;
  for (int sweep = 0; sweep < most_sweeps && off_diagonal(a, n) > 1e-32 * all; ++sweep) {
    for (std::size_t p = 0; p < n; ++p) {
      for (std::size_t q = p + 1; q < n; ++q) rotate(a, n, p, q);
    }
  }
  std::vector<double> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = a[i * n + i];
  std::sort(values.begin(), values.end());
  return values;
}

}  // namespace nelbo
