#pragma once
// Distribution functions as tails of a density with one peak, and their quantiles.
//
// For a density g(y; theta) with distribution function F, everything that a sample y = F^-1(u;
// theta) and its derivative need is an integral over one tail, measured by the density at its edge.
// With k(e) = log g(y) - log g(y - e) and score = d log g / dtheta,
//
//   F / g(y)                 = int_0^inf exp(-k(e)) de
//   dy/dtheta = -F_theta / g = -int_0^inf exp(-k(e)) score(y - e) de
//
// (Figurnov, Mohamed and Mnih 2018, "Implicit reparameterization gradients"). The score has mean 0,
// so either tail may be taken; where it does not change its sign in the tail, nothing cancels.
#include <array>
#include <cmath>
#include <cstddef>

namespace nelbo::special {

/// k(e) beyond which a tail adds less than rounding.
inline constexpr double deepest = 38;

/// One number for every node of the quadrature below.
inline constexpr std::size_t nodes = 48;
using Nodes = std::array<double, nodes>;

/// Gauss and Legendre's nodes and weights on (0, 1).
struct GaussLegendre {
  Nodes node, weight;
  GaussLegendre();
};
const GaussLegendre& gauss_legendre();

// Functions of all nodes, by the kernels of the instruction set in use.
Nodes exp(const Nodes& x);
Nodes expm1(const Nodes& x);
Nodes log1p(const Nodes& x);
Nodes sin(const Nodes& x);

/// f(i) for all nodes.
template <class F>
Nodes each_node(F&& f) {
  Nodes x;
  for (std::size_t i = 0; i < nodes; ++i) x[i] = f(i);
  return x;
}

/// The nodes of (0, length).
inline Nodes nodes_of(double length) {
  const Nodes& node = gauss_legendre().node;
  return each_node([&](std::size_t i) { return length * node[i]; });
}

/// sum_i weight_i f(i) over the nodes of (0, length): the integral of f.
template <class F>
double integral(double length, F&& f) {
  const Nodes& weight = gauss_legendre().weight;
  double sum = 0;
  for (std::size_t i = 0; i < nodes; ++i) sum += weight[i] * f(i);
  return length * sum;
}

/// An e with k(e) a little above `deepest`, by Newton's steps downwards from `bound`, where k is
/// above it; k is convex.
template <class K, class Slope>
double tail_length(double bound, K&& k, Slope&& slope) {
  double e = bound;
  for (int step = 0; step < 60; ++step) {
    const double excess = k(e) - deepest;
    if (!(excess > 5)) break;
    e -= (excess - 2) / slope(e);
  }
  return e;
}

/// Standard normal quantile to 5e-4 (Abramowitz and Stegun 26.2.23), from u and v = 1 - u.
double rough_normal_quantile(double u, double v);

/// A distribution at a point y.
struct CdfPoint {
  double log_lower, log_upper;  // log F, log(1 - F)
  double log_density;           // log g
  double log_slope;             // (log g)'

  /// log F or log(1 - F), and the other from it.
  void set_tail(bool lower, double log_tail) {
    log_tail = std::fmin(log_tail, 0.0);
    const double log_rest = std::log1p(-std::exp(log_tail));
    log_lower = lower ? log_tail : log_rest;
    log_upper = lower ? log_rest : log_tail;
  }
};

/// The y with F(y) = u, v = 1 - u, both above 0: Halley's iteration for log F(y) = log u or
/// log(1 - F(y)) = log v, whichever is smaller, from `start`, held inside [low, high].
template <class At>
double solve_quantile(double u, double v, double start, double low, double high, At&& at) {
  double y = std::fmin(std::fmax(start, low), high);
  const double log_target = std::log(u < v ? u : v);
  for (int iteration = 0; iteration < 100; ++iteration) {
    const CdfPoint p = at(y);
    const double log_tail = u < v ? p.log_lower : p.log_upper;
    const double h = log_tail - log_target;
    // h' and h'' / h' follow from the density.
    const double slope = (u < v ? 1 : -1) * std::exp(p.log_density - log_tail);
    const double bend = p.log_slope - slope;
    (h * slope < 0 ? low : high) = y;
    const double newton = -h / slope, divisor = 1 + 0.5 * newton * bend;
    double next = y + (divisor > 0.5 && divisor < 2 ? newton / divisor : newton);
    // The last step leaves an error of the third order.
    if (std::fabs(h) < 1e-5 && std::fabs(newton * bend) < 1e-2) return next;
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (next == y || !std::isfinite(next)) return next;
    y = next;
  }
  return y;
}

}  // namespace nelbo::special
