#pragma once
#include <cstdint>

#include "objectives/bounds/bound.hpp"

/// The bounds. All throw Error naming the bound and the argument for numbers that make no sense:
/// fewer than 1 sample, more than 1,000,000 in all, parameters that are not finite.
///
/// Where one f_s is infinite L is what the limit is; where several tie for it, they share a.
namespace nelbo::bounds {

/// L = f_1: the ELBO from one sample; Zheng eq. (13). Lower bound.
Bound elbo();

/// The mean of k copies of `inner` on consecutive groups of inner.samples() samples; MC_k of Zheng
/// eqs (39)-(40). As an estimate it differs from `inner` in variance only.
Bound mc(std::int64_t k, const Bound& inner);

/// IW_m = log (1/m) sum_s exp f_s; Zheng eqs (39)-(40); Burda et al. (2016). Lower bound.
Bound iw(std::int64_t m);

/// MC_k-IW_m, mc(k, iw(m)) under its name in the literature; Zheng eqs (39)-(40); Rainforth et al.
/// (2018): k outer groups of m importance samples. Lower bound.
Bound miwae(std::int64_t k, std::int64_t m);

/// 1/(1 - alpha) log (1/m) sum_s exp((1 - alpha) f_s); Li and Turner (2016). alpha = 0 is iw(m),
/// alpha = 1 the mean of f. Lower bound for 0 <= alpha <= 1. m >= 2: with one sample it is the ELBO
/// whatever alpha.
Bound renyi(double alpha, std::int64_t m);

/// max_s f_s, the limit alpha -> -infinity of renyi; Li and Turner (2016). m >= 2.
Bound vr_max(std::int64_t m);

/// CUBO_n = 1/n log (1/m) sum_s exp(n f_s), n >= 1; Dieng et al. (2017). exp(n L) estimates
/// E w^n >= p(x)^n without bias, so the bound is an upper one for that moment; the logarithm of the
/// estimate is biased down from it. m >= 2.
Bound cubo(double n, std::int64_t m);

/// beta mean(f) + (1 - beta) iw(m), 0 <= beta <= 1; Rainforth et al. (2018). Lower bound.
Bound ciwae(double beta, std::int64_t m);

/// m IW_m - (m - 1) mean_s IW_{m-1}(f without f_s): the jackknife, whose bias is O(m^-2) instead of
/// O(m^-1); JVI-1 of Nowozin (2018). Not a bound. m >= 2.
Bound jackknife(std::int64_t m);

/// The thermodynamic variational objective of Masrani et al. (2019): the left Riemann sum
/// sum_i 1/n sum_s v_is f_s, v_i = softmax(i/n f), over i = 0 .. n - 1 for n = `partitions`
/// intervals of equal length; 1 <= n <= 1000. One interval is the mean of f; many come to iw(m)
/// from below. a and h are the derivatives of this very estimator. m >= 2.
Bound tvo(std::int64_t partitions, std::int64_t m);

}  // namespace nelbo::bounds
