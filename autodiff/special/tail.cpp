#include "autodiff/special/tail.hpp"

#include <numbers>

#include "autodiff/kernels/dispatch.hpp"

namespace nelbo::special {

namespace {

constexpr std::size_t size = nodes;

Nodes apply(const kernels::UnaryKernel& kernel, const Nodes& x) {
  Nodes y;
  kernel.f64.value(nullptr, nodes, x.data(), y.data());
  return y;
}

}  // namespace

Nodes exp(const Nodes& x) { return apply(active_kernels().elementwise().exp, x); }
Nodes expm1(const Nodes& x) { return apply(active_kernels().elementwise().expm1, x); }
Nodes log1p(const Nodes& x) { return apply(active_kernels().elementwise().log1p, x); }
Nodes sin(const Nodes& x) { return apply(active_kernels().elementwise().sin, x); }

/// Newton's iteration for the roots of the Legendre polynomial.
GaussLegendre::GaussLegendre() {
  for (std::size_t i = 0; i < size; ++i) {
    double x = std::cos(std::numbers::pi * (double(i) + 0.75) / (double(size) + 0.5));
    double slope = 0;
    for (int step = 0; step < 8; ++step) {
      double p = 1, before = 0;
      for (std::size_t n = 1; n <= size; ++n) {
        const double next = ((2 * double(n) - 1) * x * p - (double(n) - 1) * before) / double(n);
        before = p;
        p = next;
      }
      slope = double(size) * (x * p - before) / (x * x - 1);
      x -= p / slope;
    }
    node[i] = 0.5 * (1 - x);
    weight[i] = 1 / ((1 - x * x) * slope * slope);
  }
}

const GaussLegendre& gauss_legendre() {
  static const GaussLegendre rule;
  return rule;
}

double rough_normal_quantile(double u, double v) {
  const double t = std::sqrt(-2 * std::log(u < v ? u : v));
  const double z = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                           (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  return u < v ? -z : z;
}

}  // namespace nelbo::special
