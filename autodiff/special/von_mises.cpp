#include "autodiff/special/von_mises.hpp"

#include <numbers>

namespace nelbo::special {
namespace {

using std::numbers::pi;

/// exp(-kappa) I_0, exp(-kappa) (I_0 - I_1) and A / kappa.
struct Bessel {
  double i0, gap, ratio;
};

Bessel bessel(double kappa) {
  if (kappa < 20) {  // I_0 = sum_k q^k / k!^2, I_1 = kappa / 2 sum_k q^k / k! (k + 1)!
    const double q = 0.25 * kappa * kappa;
    double term = 1, i0 = 1, half = 1;
    for (double k = 1; term > 1e-17 * i0; ++k) {
      term *= q / (k * k);
      i0 += term;
      half += term / (k + 1);
    }
    const double scale = std::exp(-kappa);
    return {scale * i0, scale * (i0 - 0.5 * kappa * half), 0.5 * half / i0};
  }
  // sqrt(2 pi kappa) exp(-kappa) I_n = sum_k prod_{j <= k} -(4 n^2 - (2j - 1)^2) / 8 j kappa.
  double a = 1, b = 1, i0 = 1, gap = 0;
  for (double j = 1; j < 40 && std::fabs(a) > 1e-18; ++j) {
    const double odd = (2 * j - 1) * (2 * j - 1);
    a *= odd / (8 * j * kappa);
    b *= (odd - 4) / (8 * j * kappa);
    i0 += a;
    gap += a - b;
  }
  const double scale = 1 / std::sqrt(2 * pi * kappa);
  return {scale * i0, scale * gap, (1 - gap / i0) / kappa};
}

/// 1 - cos t.
double versine(double t) { return 2 * std::sin(0.5 * t) * std::sin(0.5 * t); }

}  // namespace

VonMises::VonMises(double kappa) : kappa_(kappa) {
  const Bessel i = bessel(kappa);
  log_i0e_ = std::log(i.i0);
  spread_ = i.gap / i.i0;
  ratio_ = i.ratio;
}

double VonMises::entropy() const { return std::log(2 * pi) + log_i0e_ + kappa_ * spread_; }

// Integrals over the density at their edge x < 0, and dx/dkappa. The score is cos - A, here written
// spread - versine.

/// From -pi to x.
VonMises::Part VonMises::lower_tail(double x) const {
  const auto k = [&](double e) { return 2 * kappa_ * std::sin(0.5 * e) * std::sin(0.5 * e - x); };
  double length = std::fmin(pi + x, std::sqrt(2 * deepest / kappa_));
  while (length < pi + x && k(length) < deepest) length *= 1.25;
  length = std::fmin(length, pi + x);
  const Nodes e = nodes_of(length), half = sin(nodes_of(0.5 * length));
  const Nodes edge = sin(each_node([&](std::size_t i) { return 0.5 * (e[i] - x); }));
  const Nodes middle = sin(each_node([&](std::size_t i) { return 0.5 * e[i] - x; }));
  const Nodes ratio =
      exp(each_node([&](std::size_t i) { return -2 * kappa_ * half[i] * middle[i]; }));
  return {integral(length, [&](std::size_t i) { return ratio[i]; }),
          integral(length,
                   [&](std::size_t i) { return ratio[i] * (2 * edge[i] * edge[i] - spread_); })};
}

/// From x to 0.
VonMises::Part VonMises::centre(double x) const {
  const Nodes half = sin(nodes_of(0.5 * x));  // of the distances from 0
  const double edge = versine(x);
  const Nodes ratio =
      exp(each_node([&](std::size_t i) { return kappa_ * (edge - 2 * half[i] * half[i]); }));
  return {integral(-x, [&](std::size_t i) { return ratio[i]; }), integral(-x, [&](std::size_t i) {
            return ratio[i] * (spread_ - 2 * half[i] * half[i]);
          })};
}

VonMises::Point VonMises::at(double x) const {
  Point p;
  p.log_density = -kappa_ * versine(x) - std::log(2 * pi) - log_i0e_;
  p.log_slope = -kappa_ * std::sin(x);
  // The score has one sign beyond |x| = acos A, and one within.
  const bool tail = versine(x) > spread_;
  const Part part = tail ? lower_tail(-std::fabs(x)) : centre(-std::fabs(x));
  const double log_part = p.log_density + std::log(part.mass);
  p.set_tail(x < 0, tail ? log_part : std::log(0.5 - std::exp(log_part)));
  p.d_kappa = x < 0 ? part.d_kappa : -part.d_kappa;
  return p;
}

double VonMises::quantile(double u) const {
  const double p = u < 0.5 ? u : 1 - u;
  if (p == 0.5) return 0;
  // Between the uniform distribution and the normal one.
  const double start = kappa_ < 1 ? 2 * pi * (p - 0.5) * (1 - 0.5 * kappa_)
                                  : rough_normal_quantile(p, 1 - p) / std::sqrt(kappa_);
  const double x =
      solve_quantile(p, 1 - p, start, -pi, 0, [&](double y) -> CdfPoint { return at(y); });
  return u < 0.5 ? x : -x;
}

}  // namespace nelbo::special
