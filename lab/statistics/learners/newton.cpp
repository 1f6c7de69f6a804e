#include "lab/statistics/learners/newton.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/factorisation.hpp"

namespace nelbo::learners {
namespace {

constexpr int most_steps = 200, most_halvings = 40;

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// h^-1 g.
std::vector<double> factorised_step(NewtonObjective& objective, std::span<const double> g) {
  const std::int64_t p = std::int64_t(g.size());
  Tensor h(Shape{p, p}, DType::f64), right(Shape{p, 1}, DType::f64);
  objective.hessian({h.data_as<double>(), g.size() * g.size()});
  std::copy(g.begin(), g.end(), right.data_as<double>());
  const Tensor l = cholesky_of(h);
  return triangular_solution(l, triangular_solution(l, right, false), true).values();
}

/// The same to a residual of |g| min(.1, sqrt(|g| / |first g|)), or as far as 1,000 products go.
std::vector<double> conjugate_step(NewtonObjective& objective, std::span<const double> g,
                                   double first) {
  std::vector<double> step(g.size(), 0.0), residual(g.begin(), g.end()), direction = residual;
  std::vector<double> product(g.size());
  double squares = dot(residual, residual);
  const double length = std::sqrt(squares);
  const double enough = std::pow(length * std::min(0.1, std::sqrt(length / first)), 2);
  for (int i = 0; i < 1000 && squares > enough; ++i) {
    objective.hessian_times(direction, product);
    const double curvature = dot(direction, product);
    if (!(curvature > 0)) break;
    const double alpha = squares / curvature;
    for (std::size_t k = 0; k < g.size(); ++k) {
      step[k] += alpha * direction[k];
      residual[k] -= alpha * product[k];
    }
    const double next = dot(residual, residual);
    for (std::size_t k = 0; k < g.size(); ++k) {
      direction[k] = residual[k] + next / squares * direction[k];
    }
    squares = next;
  }
  return step;
}

}  // namespace

void minimise_by_newton(NewtonObjective& objective, std::span<double> w, double tolerance,
                        std::size_t factorised) {
  const std::size_t size = objective.size();
  std::vector<double> g(size), next(size);
  double value = objective.value(w), first = 0;
  for (int step = 0; step < most_steps; ++step) {
    objective.gradient(w, g);
    double most = 0;
    for (const double derivative : g) most = std::max(most, std::abs(derivative));
    if (most <= tolerance) return;
    if (step == 0) first = std::sqrt(dot(g, g));
    const std::vector<double> direction =
        size <= factorised ? factorised_step(objective, g) : conjugate_step(objective, g, first);
    const double slope = dot(g, direction);
    double length = 1, moved = value;
    for (int halving = 0; halving < most_halvings; ++halving, length /= 2) {
      for (std::size_t i = 0; i < size; ++i) next[i] = w[i] - length * direction[i];
      moved = objective.value(next);
      if (moved <= value - 1e-4 * length * slope) break;
    }
    // What is left is rounding: the value's own is about as large as what the step would win.
    if (!(moved < value)) return;
    std::copy(next.begin(), next.end(), w.begin());
    value = moved;
  }
  throw Error("Newton's method: no minimum after 200 steps");
}

}  // namespace nelbo::learners
