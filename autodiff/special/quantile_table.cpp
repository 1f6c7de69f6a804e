#include "autodiff/special/quantile_table.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "autodiff/special/gamma_quantile.hpp"
#include "autodiff/special/student_t_quantile.hpp"

namespace nelbo::special {

QuantileTable::QuantileTable(const std::function<double(double, double)>& f, Axis x, Axis g)
    : x_(x), g_(g) {
  values_.reserve(x.nodes() * g.nodes());
  for (std::size_t i = 0; i < x.nodes(); ++i) {
    for (std::size_t k = 0; k < g.nodes(); ++k) values_.push_back(f(x.node(i), g.node(k)));
  }
}

QuantileTable::Value QuantileTable::at(double x, double g) const {
  const Stencil rows(x_, x), columns(g_, g);
  Value result{0, 0};
  for (std::size_t i = 0; i < stencil_nodes; ++i) {
    const double* const row = values_.data() + (rows.node + i) * g_.nodes() + columns.node;
    const double along = weighted(row, columns.weight);
    result.value += rows.weight[i] * along;
    result.by_x += rows.slope[i] * along;
  }
  return result;
}

namespace {

// Each table holds what is left of a quantile when its leading behaviour at small and at large parameters is
// taken out, over the logarithm l of the parameter: then some hundred rows reach six digits and more.

double normal_cdf(double g) { return 0.5 * std::erfc(-g / std::numbers::sqrt2); }

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
double student_t_rest(double l, double g) {
  const double nu = std::exp(l), size = std::max(std::fabs(g), 1e-4);
  return nu * std::log(-student_t_quantile(nu, normal_cdf(-size)) / size);
}

/// That of few degrees of freedom bends within small steps of g.
const QuantileTable& student_t_table(double l) {
  constexpr double few = -0.7;
  if (l < few) {
    static const QuantileTable fine(student_t_rest, {-2.31, few, 0.1}, {0, 5.6, 0.04});
    return fine;
  }
  static const QuantileTable table(student_t_rest, {few, 14, 0.125}, {0, 5.6, 0.125});
  return table;
}

}  // namespace

Tabulated<1> tabulated_log_gamma(double alpha, double g) {
  const QuantileTable& table = log_gamma_table();
  const double l = std::log(alpha);
  if (!table.reaches(l, g)) return {};
  const auto [w, by_l] = table.at(l, g);
  const double root = 1 / std::sqrt(alpha);
  return {l + w * root, {(1 + (by_l - 0.5 * w) * root) / alpha}, true};
}

Tabulated<1> tabulated_student_t(double nu, double g) {
  const double l = std::log(nu), size = std::fabs(g);
  const QuantileTable& table = student_t_table(l);
  if (!table.reaches(l, size)) return {};
  const auto [h, by_l] = table.at(l, size);
  const double t = g * std::exp(h / nu);
  return {t, {t * (by_l - h) / (nu * nu)}, true};
}

}  // namespace nelbo::special
