#include "lab/statistics/learners/newton.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/factorisation.hpp"

namespace nelbo::learners {
namespace {

constexpr int most_steps = 200, most_halvings = 40;

/// h^-1 g.
std::vector<double> solve(const Tensor& h, std::span<const double> g) {
  const std::int64_t p = std::int64_t(g.size());
  Tensor right(Shape{p, 1}, DType::f64);
  std::copy(g.begin(), g.end(), right.data_as<double>());
  const Tensor l = cholesky_of(h);
  return triangular_solution(l, triangular_solution(l, right, false), true).values();
}

}  // namespace

void minimise_by_newton(NewtonObjective& objective, std::span<double> w, double tolerance) {
  const std::size_t size = objective.size();
  std::vector<double> g(size), next(size);
  double value = objective.value(w);
  for (int step = 0; step < most_steps; ++step) {
    objective.gradient(w, g);
    double most = 0;
    for (const double derivative : g) most = std::max(most, std::abs(derivative));
    if (most <= tolerance) return;
    Tensor h(Shape{std::int64_t(size), std::int64_t(size)}, DType::f64);
    objective.hessian({h.data_as<double>(), size * size});
    const std::vector<double> direction = solve(h, g);
    double slope = 0;
    for (std::size_t i = 0; i < size; ++i) slope += g[i] * direction[i];
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
