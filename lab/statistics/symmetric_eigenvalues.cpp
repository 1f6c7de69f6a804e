#include "lab/statistics/symmetric_eigenvalues.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nelbo {
namespace {

/// A symmetric matrix with nothing but its diagonal [n] and the diagonal beside it [n - 1].
struct Tridiagonal {
  std::vector<double> diagonal, beside;
};

/// By reflections, from the first column on (Golub & Van Loan, section 8.3.1).
Tridiagonal tridiagonal(std::vector<double> a, std::size_t n) {
  Tridiagonal result;
  std::vector<double> v(n), p(n);
  for (std::size_t k = 0; k < n; ++k) {
    result.diagonal.push_back(a[k * n + k]);
    if (k + 1 == n) break;
    double squares = 0;
    for (std::size_t i = k + 1; i < n; ++i) squares += a[i * n + k] * a[i * n + k];
    const double head = a[(k + 1) * n + k];
    const double length = std::copysign(std::sqrt(squares), -head);
    result.beside.push_back(length);
    // Reflects by I - v v' / scale, with v = column - length e.
    const double scale = squares - length * head;
    if (!(scale > 0)) continue;
    for (std::size_t i = k + 1; i < n; ++i) v[i] = a[i * n + k];
    v[k + 1] -= length;
    double overlap = 0;
    for (std::size_t i = k + 1; i < n; ++i) {
      p[i] = 0;
      for (std::size_t j = k + 1; j < n; ++j) p[i] += a[i * n + j] * v[j] / scale;
      overlap += p[i] * v[i] / (2 * scale);
    }
    for (std::size_t i = k + 1; i < n; ++i) p[i] -= overlap * v[i];
    for (std::size_t i = k + 1; i < n; ++i) {
      for (std::size_t j = k + 1; j < n; ++j) a[i * n + j] -= v[i] * p[j] + p[i] * v[j];
    }
  }
  return result;
}

/// One implicit step with Wilkinson's shift on rows first .. last (Golub & Van Loan, algorithm 8.3.2).
void shifted_step(Tridiagonal& t, std::size_t first, std::size_t last) {
  std::vector<double>&d = t.diagonal, &e = t.beside;
  const double half = (d[last - 1] - d[last]) / 2, corner = e[last - 1];
  const double shift =
      d[last] - corner * (corner / (half + std::copysign(std::hypot(half, corner), half)));
  double x = d[first] - shift, z = e[first];
  for (std::size_t k = first; k < last; ++k) {
    const double r = std::hypot(x, z), c = r > 0 ? x / r : 1, s = r > 0 ? z / r : 0;
    if (k > first) e[k - 1] = r;
    const double upper = d[k], lower = d[k + 1], between = e[k];
    d[k] = c * c * upper + 2 * c * s * between + s * s * lower;
    d[k + 1] = s * s * upper - 2 * c * s * between + c * c * lower;
    e[k] = c * s * (lower - upper) + (c * c - s * s) * between;
    if (k + 1 == last) break;
    x = e[k], z = s * e[k + 1];
    e[k + 1] *= c;
  }
}

}  // namespace

std::vector<double> symmetric_eigenvalues(std::vector<double> matrix, std::size_t n) {
  double all = 0;
  for (const double entry : matrix) all += entry * entry;
  if (!std::isfinite(all)) {
    return std::vector<double>(n, std::numeric_limits<double>::quiet_NaN());
  }
  Tridiagonal t = tridiagonal(std::move(matrix), n);
  const double rounding = std::numeric_limits<double>::epsilon() * std::sqrt(all) / 16;
  const std::size_t most_steps = 60 * n;
  std::size_t last = n - 1;
  for (std::size_t step = 0; last > 0 && step < most_steps; ++step) {
    while (last > 0 && std::abs(t.beside[last - 1]) <= rounding) --last;
    if (last == 0) break;
    std::size_t first = last - 1;
    while (first > 0 && std::abs(t.beside[first - 1]) > rounding) --first;
    shifted_step(t, first, last);
  }
  std::sort(t.diagonal.begin(), t.diagonal.end());
  return t.diagonal;
}

}  // namespace nelbo
