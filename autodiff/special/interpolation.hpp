#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace nelbo::special {

// Interpolation by the polynomial of degree 5 through the 6 nearest of equidistant nodes, with its derivative.

inline constexpr std::size_t stencil_nodes = 6, nodes_before = 2;  // of the interval

/// Nodes first + i step, i >= -2; `first` .. `last` is within reach.
struct Axis {
  double first, last, step;

  std::size_t intervals() const { return std::size_t(std::ceil((last - first) / step - 1e-9)); }
  std::size_t nodes() const { return intervals() + stencil_nodes - 1; }
  double node(std::size_t i) const { return first + (double(i) - double(nodes_before)) * step; }
  bool reaches(double x) const { return x >= first && x <= last; }
};

/// The nodes about x, number `node` and the next 5, with their weights for the value and for d/dx.
struct Stencil {
  using Weights = std::array<double, stencil_nodes>;
  std::size_t node;
  Weights weight, slope;

  /// axis.reaches(x).
  Stencil(const Axis& axis, double x) {
    const double at = (x - axis.first) / axis.step;
    node = std::min(std::size_t(at), axis.intervals() - 1);
    lagrange(at - double(node), axis.step);
  }

 private:
  /// Lagrange's polynomials of the nodes -2 .. 3 at t.
  void lagrange(double t, double step) {
    // 1 / prod_{j != i} (i - j)
    static constexpr Weights scale{-1.0 / 120, 1.0 / 24, -1.0 / 12, 1.0 / 12, -1.0 / 24, 1.0 / 120};
    constexpr std::size_t n = stencil_nodes;
    // Products of what stands before and behind a node, and their derivatives.
    Weights d, left, right, left_slope, right_slope;
    for (std::size_t i = 0; i < n; ++i) d[i] = t + double(nodes_before) - double(i);
    left[0] = right[n - 1] = 1;
    left_slope[0] = right_slope[n - 1] = 0;
    for (std::size_t i = 1; i < n; ++i) {
      left[i] = left[i - 1] * d[i - 1];
      left_slope[i] = left_slope[i - 1] * d[i - 1] + left[i - 1];
      const std::size_t k = n - 1 - i;
      right[k] = right[k + 1] * d[k + 1];
      right_slope[k] = right_slope[k + 1] * d[k + 1] + right[k + 1];
    }
    for (std::size_t i = 0; i < n; ++i) {
      weight[i] = scale[i] * left[i] * right[i];
      slope[i] = scale[i] * (left_slope[i] * right[i] + left[i] * right_slope[i]) / step;
    }
  }
};

/// The six numbers of a row, weighted.
inline double weighted(const double* row, const Stencil::Weights& weight) {
  double sum = 0;
  for (std::size_t i = 0; i < stencil_nodes; ++i) sum += weight[i] * row[i];
  return sum;
}

}  // namespace nelbo::special
