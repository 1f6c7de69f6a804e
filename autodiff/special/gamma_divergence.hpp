#pragma once
// Kullback-Leibler divergences of gamma and Dirichlet distributions in double, and their derivatives, from
// the logarithms of shapes. The textbook's sums of log Gamma and digamma cancel for large shapes and
// for small ones; here every term is of the size of the divergence, or nearly so.
#include <array>
#include <cstddef>
#include <span>

namespace nelbo::special {

/// KL of a gamma variable of shape exp(log_p) from one of shape exp(log_q), nats; log_rates = log(rate of q
/// / rate of p). Of scaled variables, D the part of equal means:
///   c_q (rho - 1 - log rho) + D(c_p, c_q), rho = E_p x / E_q x = c_p rate_q / c_q rate_p
double gamma_divergence(double log_p, double log_q, double log_rates);
/// Its derivatives by log_p, log_q and log_rates.
std::array<double, 3> gamma_divergence_slopes(double log_p, double log_q, double log_rates);

/// KL of Dirichlet distributions of concentrations exp(log_p) from exp(log_q), nats. Gamma variables are,
/// one to one, their proportions and their independent sum, so that with totals t, means m = c / t and D as
/// above
///   t_q KL(m_q || m_p) + sum_d D(c_p,d, c_q,d) - D(t_p, t_q)
/// Allocates nothing; float or double.
template <class T>
class DirichletDivergence {
 public:
  /// Of spans of one length, at least 1, which outlive it.
  DirichletDivergence(std::span<const T> log_p, std::span<const T> log_q);

  double value() const;
  /// Its derivatives by log_p[d] and log_q[d].
  std::array<double, 2> slopes(std::size_t d) const;

 private:
  /// log sum exp, taken from the largest, which log-means keep: log m_d = (x_d - largest) - rest.
  struct Total {
    explicit Total(std::span<const T> x);
    double logarithm() const { return largest + rest; }
    double log_mean(double x) const { return (x - largest) - rest; }

    double largest, rest;
  };

  std::span<const T> log_p_, log_q_;
  Total p_, q_;
  std::array<double, 2> of_totals_;  // the derivatives of D(t_p, t_q)
};

}  // namespace nelbo::special
