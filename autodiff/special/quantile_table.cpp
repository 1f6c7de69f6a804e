#include "autodiff/special/quantile_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "autodiff/special/gamma_quantile.hpp"
#include "autodiff/special/student_t_quantile.hpp"

namespace nelbo::special {
namespace {

constexpr std::size_t points = 6;  // of a stencil
constexpr std::size_t before = 2;  // of them before the interval
using Weights = std::array<double, points>;

/// Lagrange's polynomials of the nodes -2 .. 3 at t in [0, 1], and their derivatives.
void lagrange(double t, Weights& weight, Weights& slope) {
  // 1 / prod_{j != i} (i - j)
  static constexpr Weights scale{-1.0 / 120, 1.0 / 24, -1.0 / 12, 1.0 / 12, -1.0 / 24, 1.0 / 120};
  Weights d;
  for (std::size_t i = 0; i < points; ++i) d[i] = t + double(before) - double(i);
  // Products of what stands before and behind a node, and their derivatives.
  Weights left, right, left_slope, right_slope;
  left[0] = right[points - 1] = 1;
  left_slope[0] = right_slope[points - 1] = 0;
  for (std::size_t i = 1; i < points; ++i) {
    left[i] = left[i - 1] * d[i - 1];
    left_slope[i] = left_slope[i - 1] * d[i - 1] + left[i - 1];
    const std::size_t k = points - 1 - i;
    right[k] = right[k + 1] * d[k + 1];
    right_slope[k] = right_slope[k + 1] * d[k + 1] + right[k + 1];
  }
  for (std::size_t i = 0; i < points; ++i) {
    weight[i] = scale[i] * left[i] * right[i];
    slope[i] = scale[i] * (left_slope[i] * right[i] + left[i] * right_slope[i]);
  }
}

std::size_t intervals(const QuantileTable::Axis& axis) {
  return std::size_t(std::ceil((axis.last - axis.first) / axis.step));
}

/// Number of the interval of x, and the place in it.
std::size_t interval_of(const QuantileTable::Axis& axis, double x, double& t) {
  const double at = (x - axis.first) / axis.step;
  const std::size_t i = std::min(std::size_t(at), intervals(axis) - 1);
  t = at - double(i);
  return i;
}

double normal_cdf(double g) { return 0.5 * std::erfc(-g / std::numbers::sqrt2); }

}  // namespace

QuantileTable::QuantileTable(const std::function<double(double, double)>& f, Axis x, Axis g)
    : x_(x), g_(g), columns_(intervals(g) + points - 1) {
  const std::size_t rows = intervals(x) + points - 1;
  values_.reserve(rows * columns_);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < columns_; ++k) {
      values_.push_back(f(x.first + (double(i) - double(before)) * x.step,
                          g.first + (double(k) - double(before)) * g.step));
    }
  }
}

QuantileTable::Value QuantileTable::at(double x, double g) const {
  double tx, tg;
  const std::size_t i = interval_of(x_, x, tx), k = interval_of(g_, g, tg);
  Weights wx, sx, wg, sg;
  lagrange(tx, wx, sx);
  lagrange(tg, wg, sg);
  Value result{0, 0};
  for (std::size_t a = 0; a < points; ++a) {
    const double* const row = values_.data() + (i + a) * columns_ + k;
    double along = 0;
    for (std::size_t b = 0; b < points; ++b) along += wg[b] * row[b];
    result.value += wx[a] * along;
    result.by_x += sx[a] * along;
  }
  result.by_x /= x_.step;
  return result;
}

namespace {

// Each table holds what is left of a quantile when its leading behaviour at small and at large parameters is
// taken out, over the logarithm l of the parameter: then some hundred rows reach six digits and more.

/// (y - l) sqrt(alpha), which tends to g.
const QuantileTable& log_gamma_table() {
  static const QuantileTable table(
      [](double l, double g) {
        const double alpha = std::exp(l);
        return (LogGamma(alpha).quantile(normal_cdf(g)) - l) * std::sqrt(alpha);
      },
      {-2.31, 14, 0.125}, {-5.6, 5.6, 0.125});
  return table;
}

/// nu log(t / g), which tends to (g^2 + 1) / 4; an even function of g.
const QuantileTable& student_t_table() {
  static const QuantileTable table(
      [](double l, double g) {
        const double nu = std::exp(l), size = std::max(std::fabs(g), 1e-4);
        return nu * std::log(-student_t_quantile(nu, normal_cdf(-size)) / size);
      },
      {-0.7, 14, 0.125}, {0, 5.6, 0.125});
  return table;
}

}  // namespace

Tabulated tabulated_log_gamma(double alpha, double g) {
  const QuantileTable& table = log_gamma_table();
  const double l = std::log(alpha);
  if (!table.reaches(l, g)) return {};
  const auto [w, by_l] = table.at(l, g);
  const double root = 1 / std::sqrt(alpha);
  return {l + w * root, (1 + (by_l - 0.5 * w) * root) / alpha, true};
}

Tabulated tabulated_student_t(double nu, double g) {
  const QuantileTable& table = student_t_table();
  const double l = std::log(nu), size = std::fabs(g);
  if (!table.reaches(l, size)) return {};
  const auto [h, by_l] = table.at(l, size);
  const double t = g * std::exp(h / nu);
  return {t, t * (by_l - h) / (nu * nu), true};
}

}  // namespace nelbo::special
