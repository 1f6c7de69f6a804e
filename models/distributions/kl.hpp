#pragma once
// Kullback-Leibler divergences KL(p || q) = E_p[log p(x) - log q(x)], nats, of the shape that the
// parameters have without D. An overload exists where the expectation has a closed form; others
// must be asked for by name, as kl_monte_carlo.
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "models/distributions/bernoulli.hpp"
#include "models/distributions/beta.hpp"
#include "models/distributions/categorical.hpp"
#include "models/distributions/diag_normal.hpp"
#include "models/distributions/dirichlet.hpp"
#include "models/distributions/discretized_logistic.hpp"
#include "models/distributions/gamma.hpp"
#include "models/distributions/laplace.hpp"
#include "models/distributions/normal.hpp"
#include "models/distributions/standard_normal.hpp"
#include "models/distributions/von_mises_points.hpp"

namespace nelbo {

/// 1/2 sum_d (s2 + mean^2 - 1 - log s2); Zheng eq. (16). Throws Error if p has not q's dimensions.
Var kl(const DiagNormal& p, const StandardNormal& q);
/// 1/2 sum_d (log s2_q - log s2_p + (s2_p + (mean_p - mean_q)^2) / s2_q - 1).
Var kl(const DiagNormal& p, const DiagNormal& q);
/// The reverse of Zheng eq. (16). Throws Error if q has not p's dimensions.
Var kl(const StandardNormal& p, const DiagNormal& q);
/// 1/2 (|L|^2 + |mean|^2 - D - log |L L'|); Zheng eq. (16) with a full covariance. Throws Error if
/// p has not q's dimensions.
Var kl(const FullNormal& p, const StandardNormal& q);
Var kl(const Normal& p, const StandardNormal& q);
/// 1/2 (tr(S_q^-1 S_p) + (mean_p - mean_q)' S_q^-1 (mean_p - mean_q) - D + log |S_q| / |S_p|), S
/// the covariances.
Var kl(const Normal& p, const FullNormal& q);
/// sum_d sigmoid(l_p) (l_p - l_q) - softplus(l_p) + softplus(l_q), as sum_x P(x) log P(x) / Q(x).
Var kl(const Bernoulli& p, const Bernoulli& q);
/// sum_d sum_k p_k (log p_k - log q_k), 0 where p_k is 0. Throws Error for different numbers of
/// classes.
Var kl(const Categorical& p, const Categorical& q);
/// sum_d log(b_q / b_p) + (b_p exp(-|d| / b_p) + |d|) / b_q - 1 with d = mean_p - mean_q.
Var kl(const Laplace& p, const Laplace& q);
/// sum_d (c_p - c_q) digamma(c_p) - log Gamma(c_p) + log Gamma(c_q) + c_q log(rate_p / rate_q) +
/// c_p (rate_q / rate_p - 1).
Var kl(const Gamma& p, const Gamma& q);
/// sum_d log B(a_q, b_q) / B(a_p, b_p) + (a_p - a_q) digamma(a_p) + (b_p - b_q) digamma(b_p) -
/// (a_p + b_p - a_q - b_q) digamma(a_p + b_p).
Var kl(const Beta& p, const Beta& q);
/// log B(c_q) / B(c_p) + sum_d (c_p - c_q)_d (digamma(c_p,d) - digamma(sum_d c_p,d)). Throws Error
/// for different numbers of proportions.
Var kl(const Dirichlet& p, const Dirichlet& q);
/// sum_l kappa_p A - log I_0(kappa_p) + log I_0(kappa_q) - kappa_q A cos(mean_p - mean_q), A =
/// I_1(kappa_p) / I_0(kappa_p).
Var kl(const VonMises& p, const VonMises& q);
Var kl(const VonMisesPoints& p, const VonMisesPoints& q);
/// Summed over all levels: holds 256 numbers for each of the parameters'.
Var kl(const DiscretizedLogistic& p, const DiscretizedLogistic& q);

/// E_p[log q(x)], nats, of the shape that the parameters have without D:
/// log q(mean_p) - 1/2 tr(S_q^-1 S_p).
Var expected_log_prob(const Normal& p, const DiagNormal& q);
Var expected_log_prob(const Normal& p, const FullNormal& q);

/// Pairs with a closed form.
template <class P, class Q>
concept HasKl = Distribution<P> && Distribution<Q> && requires(const P& p, const Q& q) {
  { kl(p, q) } -> std::same_as<Var>;
};

/// The mean of log p(x) - log q(x) over the S samples x of p that noise [S, B, D] makes: [B].
/// Unbiased, and may be negative. Its gradient passes through the samples, so p must be
/// reparameterised: an estimate with samples that cannot move would have another gradient than the
/// divergence.
template <Reparameterized P, Distribution Q>
Var kl_monte_carlo(const P& p, const Q& q, Var noise) {
  const Var x = p.rsample(noise);
  return mean(p.log_prob(x) - q.log_prob(x), 0);
}

}  // namespace nelbo
