#include "autodiff/special/gamma_divergence.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "autodiff/special/gamma.hpp"

namespace nelbo::special {
namespace {

constexpr double half_log_two_pi = 0.91893853320467274178;

/// exp(x) - 1 - x.
double excess(double x) {
  if (std::abs(x) > 0.01) return std::expm1(x) - x;
  return x * x * (1.0 / 2 + x * (1.0 / 6 + x * (1.0 / 24 + x * (1.0 / 120 + x / 720))));
}

/// log Gamma(c) - c log c + c: derivative digamma(c) - log c.
double scaled_log_gamma(double c, double log_c) {
  return stirling_error(c) - 0.5 * log_c + half_log_two_pi;
}

/// c digamma(c) - c - log Gamma(c): minus the entropy of a gamma variable, and its mean logarithm.
double negative_scaled_entropy(double c) {
  return c < 10 ? c * (digamma(c) - 1) - log_gamma(c) : digamma(c) - gamma_entropy(c);
}

/// KL between gamma variables of equal means.
double of_equal_means(double log_p, double log_q) {
  const double c_p = std::exp(log_p), c_q = std::exp(log_q);
  return scaled_log_gamma(c_q, log_q) + negative_scaled_entropy(c_p) - c_q * digamma_minus_log(c_p);
}

/// Its derivatives by log_p and log_q.
std::array<double, 2> of_equal_means_slopes(double log_p, double log_q) {
  const double c_p = std::exp(log_p), c_q = std::exp(log_q);
  const double curvature = c_p * digamma_minus_log_derivative(c_p);
  return {c_q * std::expm1(log_p - log_q) * curvature,
          c_q * (digamma_minus_log(c_q) - digamma_minus_log(c_p))};
}

}  // namespace

double gamma_divergence(double log_p, double log_q, double log_rates) {
  return std::exp(log_q) * excess(log_p - log_q + log_rates) + of_equal_means(log_p, log_q);
}

std::array<double, 3> gamma_divergence_slopes(double log_p, double log_q, double log_rates) {
  const double log_rho = log_p - log_q + log_rates, c_q = std::exp(log_q);
  const double by_rho = c_q * std::expm1(log_rho);
  const auto [by_p, by_q] = of_equal_means_slopes(log_p, log_q);
  return {by_rho + by_p, by_q - c_q * log_rho, by_rho};
}

template <class T>
DirichletDivergence<T>::Total::Total(std::span<const T> x) {
  const auto top = std::max_element(x.begin(), x.end());
  largest = double(*top);
  double others = 0;
  for (auto at = x.begin(); at != x.end(); ++at) {
    if (at != top) others += std::exp(double(*at) - largest);
  }
  rest = std::log1p(others);
}

template <class T>
DirichletDivergence<T>::DirichletDivergence(std::span<const T> log_p, std::span<const T> log_q)
    : log_p_(log_p),
      log_q_(log_q),
      p_(log_p),
      q_(log_q),
      of_totals_(of_equal_means_slopes(p_.logarithm(), q_.logarithm())) {}

template <class T>
double DirichletDivergence<T>::value() const {
  double sum = -of_equal_means(p_.logarithm(), q_.logarithm());
  for (std::size_t d = 0; d < log_p_.size(); ++d) {
    const double p = double(log_p_[d]), q = double(log_q_[d]);
    sum += std::exp(q) * excess(p_.log_mean(p) - q_.log_mean(q)) + of_equal_means(p, q);
  }
  return sum;
}

template <class T>
std::array<double, 2> DirichletDivergence<T>::slopes(std::size_t d) const {
  const double p = double(log_p_[d]), q = double(log_q_[d]);
  const double mean_p = p_.log_mean(p), mean_q = q_.log_mean(q), log_ratio = mean_p - mean_q;
  const auto [by_p, by_q] = of_equal_means_slopes(p, q);
  return {std::exp(q) * std::expm1(log_ratio) + by_p - std::exp(mean_p) * of_totals_[0],
          by_q - std::exp(q) * log_ratio - std::exp(mean_q) * of_totals_[1]};
}

template class DirichletDivergence<float>;
template class DirichletDivergence<double>;

}  // namespace nelbo::special
