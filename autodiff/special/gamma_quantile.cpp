#include "autodiff/special/gamma_quantile.hpp"

#include "autodiff/special/gamma.hpp"

namespace nelbo::special {
namespace {

constexpr double half_log_two_pi = 0.91893853320467274178;

}  // namespace

LogGamma::LogGamma(double alpha)
    : alpha_(alpha),
      log_alpha_(std::log(alpha)),
      mean_(digamma(alpha)),
      constant_(0.5 * log_alpha_ - half_log_two_pi - stirling_error(alpha)) {}

/// F = z^alpha exp(-z) / Gamma(alpha + 1) (1 + z / (alpha + 1) + z^2 / (alpha + 1)(alpha + 2) ..).
LogGamma::Tail LogGamma::series(double y, double z) const {
  double term = 1, sum = 1, harmonic = 0, derivative = 0;
  for (double n = alpha_ + 1; term > 1e-17 * sum; ++n) {
    term *= z / n;
    harmonic += 1 / n;
    sum += term;
    derivative -= term * harmonic;
  }
  return {sum / alpha_, -(sum * (y - digamma(alpha_ + 1)) + derivative) / alpha_};
}

LogGamma::Tail LogGamma::lower_tail(double y, double z) const {
  // k(e) = alpha e + z (exp(-e) - 1) >= alpha e - z, and >= z e^2 / 3 for e < 1.
  const double near = std::sqrt(3 * deepest / z);
  const double length = tail_length(
      near < 1 ? near : (deepest + z) / alpha_,
      [&](double e) { return alpha_ * e + z * std::expm1(-e); },
      [&](double e) { return alpha_ - z * std::exp(-e); });
  const Nodes e = nodes_of(length), m = expm1(nodes_of(-length));
  const Nodes ratio = exp(each_node([&](std::size_t i) { return -alpha_ * e[i] - z * m[i]; }));
  return {integral(length, [&](std::size_t i) { return ratio[i]; }),
          integral(length, [&](std::size_t i) { return ratio[i] * (mean_ - y + e[i]); })};
}

LogGamma::Tail LogGamma::upper_tail(double y, double z) const {
  const auto k = [&](double d) { return z * std::expm1(d) - alpha_ * d; };
  double bound = std::sqrt(3 * deepest / z);
  while (k(bound) < deepest) bound *= 1.5;
  const double length = tail_length(bound, k, [&](double d) { return z * std::exp(d) - alpha_; });
  const Nodes d = nodes_of(length), m = expm1(d);
  const Nodes ratio = exp(each_node([&](std::size_t i) { return alpha_ * d[i] - z * m[i]; }));
  return {integral(length, [&](std::size_t i) { return ratio[i]; }),
          integral(length, [&](std::size_t i) { return ratio[i] * (y + d[i] - mean_); })};
}

LogGamma::Point LogGamma::at(double y) const {
  const double z = std::exp(y), t = y - log_alpha_;
  Point p;
  p.log_density = alpha_ * (t - std::expm1(t)) + constant_;
  p.log_slope = alpha_ - z;
  // Below alpha = 1 the lower tail has two scales, 1 / alpha and 1; its series has none.
  const bool lower = alpha_ < 1 ? y <= 0 : y <= mean_;
  const Tail tail = !lower ? upper_tail(y, z) : alpha_ < 1 ? series(y, z) : lower_tail(y, z);
  p.set_tail(lower, p.log_density + std::log(tail.mass));
  p.d_alpha = tail.d_alpha;
  return p;
}

double LogGamma::quantile(double u) const {
  // F <= z^alpha / Gamma(alpha + 1), and Boucheron, Lugosi and Massart (2013), section 2.4:
  // 1 - F(alpha + sqrt(2 alpha t) + t) <= exp(-t).
  const double v = 1 - u, t = -std::log(v);
  const double bound = log_alpha_ - 1 + (std::log(u) + log_alpha_ - constant_) / alpha_;
  const double low = bound - 1e-6 * std::fmax(1.0, std::fabs(bound));  // which is nearly attained
  const double high = std::log(alpha_ + std::sqrt(2 * alpha_ * t) + t);
  const double start = mean_ + rough_normal_quantile(u, v) * std::sqrt(trigamma(alpha_));
  return solve_quantile(u, v, start, low, high, [&](double y) -> CdfPoint { return at(y); });
}

}  // namespace nelbo::special
