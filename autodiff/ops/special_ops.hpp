#pragma once
// Quantiles of distributions, differentiable in their parameters, and the special functions that
// the densities and entropies of these distributions need. Operands broadcast. Whatever the
// tensors' type, a number is computed in double (autodiff/special/), since these functions are
// differences of large numbers; a quantile costs some microseconds.
//
// A quantile of a uniform number is a sample, and its derivative at fixed u is that of implicit
// reparameterisation, dz/dtheta = -(dF/dtheta) / p(z) (Figurnov, Mohamed and Mnih 2018). Equal u
// are common random numbers for all parameters. For u = 0 and 1 they are the ends of the range; for
// parameters out of range or u outside [0, 1], NaN.
#include "autodiff/tape.hpp"

namespace nelbo {

/// y = log z with P(Z <= z) = u for a gamma variable Z of shape alpha > 0 and rate 1. On this scale
/// small shapes, whose samples are as small as exp(-1 / alpha), do not underflow.
Var log_gamma_quantile(Var alpha, Var u);

/// y = log z - log(1 - z) with P(Z <= z) = u for a beta variable Z of parameters a, b > 0: z =
/// sigmoid(y), 1 - z = sigmoid(-y).
Var logit_beta_quantile(Var a, Var b, Var u);

/// t with P(T <= t) = u for Student's distribution with nu > 0 degrees of freedom.
Var student_t_quantile(Var nu, Var u);

/// x in [-pi, pi] with P(X <= x) = u for the density exp(kappa cos x) / 2 pi I_0(kappa), kappa >=
/// 0.
Var von_mises_quantile(Var kappa, Var u);

/// The least count k with P(X <= k) >= u of a negative binomial X of mean exp(log_mean) and inverse
/// dispersion r = exp(log_r), or of a Poisson X where log_r is above 40. No gradient; NaN for u outside (0,
/// 1) and for a mean of 2^53 or more.
Var negative_binomial_quantile(Var log_mean, Var log_r, Var u);

/// The error of Stirling's formula, log Gamma(x) - ((x - 1/2) log x - x + 1/2 log 2 pi), x > 0: log
/// densities of large parameters without cancellation (Loader 2000).
Var stirling_error(Var x);

/// digamma(x) - log x, x > 0: the mean of log(z / E z) of a gamma variable z of shape x.
Var digamma_minus_log(Var x);

/// Entropy of a gamma variable of shape x > 0 and rate 1, nats: x + log Gamma(x) + (1 - x)
/// digamma(x), of the size of log x.
Var gamma_entropy(Var x);

/// KL of gamma variables of shapes exp(log_p) and exp(log_q), nats; log_rates = log(rate of q / rate of
/// p). Element by element.
Var gamma_divergence(Var log_p, Var log_q, Var log_rates);

/// KL of Dirichlet distributions of concentrations exp(log_p) and exp(log_q), [.., D], nats: [..]. Throws
/// Error for operands of rank 0 or with another last axis.
Var dirichlet_divergence(Var log_p, Var log_q);

/// log(exp(-x) I_0(x)), x >= 0; I_0 is a modified Bessel function.
Var log_bessel_i0e(Var x);

/// 1 - I_1(x) / I_0(x), x >= 0: of a von Mises variable about 0 with this concentration, 1 - E cos.
Var circular_variance(Var x);

/// Entropy of a von Mises variable of concentration x >= 0, nats:
/// log 2 pi I_0(x) - x I_1(x) / I_0(x).
Var von_mises_entropy(Var x);

}  // namespace nelbo
