#include "autodiff/special/von_mises.hpp"

#include <limits>
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

/// An integral over the density at its edge, and dx/dkappa.
struct Part {
  double mass, d_kappa;
};

/// From -pi to x < 0.
Part lower_tail(double kappa, double x, double spread) {
  const auto k = [&](double e) { return 2 * kappa * std::sin(0.5 * e) * std::sin(0.5 * e - x); };
  double length = std::fmin(pi + x, std::sqrt(2 * deepest / kappa));
  while (length < pi + x && k(length) < deepest) length *= 1.25;
  length = std::fmin(length, pi + x);
  Part part{0, 0};
  integrate(length, [&](double e, double weight) {
    const double ratio = weight * std::exp(-k(e));
    part.mass += ratio;
    part.d_kappa += ratio * (versine(x - e) - spread);  // A - cos
  });
  return part;
}

/// From x < 0 to 0.
Part centre(double kappa, double x, double spread) {
  Part part{0, 0};
  integrate(-x, [&](double e, double weight) {
    const double ratio = weight * std::exp(kappa * (versine(x) - versine(x + e)));
    part.mass += ratio;
    part.d_kappa += ratio * (spread - versine(x + e));
  });
  return part;
}

}  // namespace

double log_bessel_i0e(double kappa) { return std::log(bessel(kappa).i0); }

double von_mises_spread(double kappa) {
  const Bessel i = bessel(kappa);
  return i.gap / i.i0;
}

double von_mises_variance(double kappa) {
  // 1 - A^2 - A / kappa.
  const Bessel i = bessel(kappa);
  const double spread = i.gap / i.i0;
  return spread * (2 - spread) - i.ratio;
}

VonMisesPoint von_mises_point(double kappa, double x) {
  const Bessel i = bessel(kappa);
  const double spread = i.gap / i.i0, near = -std::fabs(x);
  VonMisesPoint p;
  p.log_density = -kappa * versine(x) - std::log(2 * pi * i.i0);
  p.log_slope = -kappa * std::sin(x);
  // The score cos - A has one sign beyond |x| = acos A, and one within.
  const bool tail = versine(x) > spread;
  const Part part = tail ? lower_tail(kappa, near, spread) : centre(kappa, near, spread);
  const double log_part = p.log_density + std::log(part.mass);
  double log_tail = tail ? log_part : std::log(0.5 - std::exp(log_part));
  const double log_rest = std::log1p(-std::exp(log_tail));
  p.log_lower = x < 0 ? log_tail : log_rest;
  p.log_upper = x < 0 ? log_rest : log_tail;
  p.d_kappa = x < 0 ? part.d_kappa : -part.d_kappa;
  return p;
}

double von_mises_quantile(double kappa, double u) {
  if (!(kappa >= 0 && kappa < std::numeric_limits<double>::infinity() && u >= 0 && u <= 1)) {
    return std::nan("");
  }
  const double p = u < 0.5 ? u : 1 - u;
  if (p == 0) return u < 0.5 ? -pi : pi;
  if (p == 0.5) return 0;
  // Between the uniform distribution and the normal one.
  const double start = kappa < 1 ? 2 * pi * (p - 0.5) * (1 - 0.5 * kappa)
                                 : rough_normal_quantile(p, 1 - p) / std::sqrt(kappa);
  const double x = solve_quantile(
      p, 1 - p, start, -pi, 0, [&](double at) -> CdfPoint { return von_mises_point(kappa, at); });
  return u < 0.5 ? x : -x;
}

}  // namespace nelbo::special
