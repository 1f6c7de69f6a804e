#pragma once
// Log-masses of counts as saddle points (Loader 2000, "Fast and accurate computation of binomial
// probabilities"): with e the error of Stirling's formula, log Gamma(x) = (x - 1/2) log x - x +
// 1/2 log 2 pi + e(x), what is left are deviances that vanish at the mean, and no large numbers cancel.
// And the cumulants of a uniform variable tilted by exp(x t).
#include "autodiff/kernels/math/activation.hpp"
#include "autodiff/kernels/math/gamma.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

/// e(x), x > 0.
template <class T>
Batch<T> stirling_error(const Batch<T>& x) {
  constexpr T half_log_two_pi = T(0.91893853320467274);
  const Batch<T> inverse = Batch<T>(1) / x;
  const Batch<T> far = inverse * polynomial(inverse * inverse, Gamma<T>::lgamma_tail);
  const Batch<T> near =
      lgamma_positive(x) - (x - Batch<T>(T(0.5))) * log(x) + (x - Batch<T>(half_log_two_pi));
  return select(x >= Batch<T>(8), far, near);
}

/// e'(x) = digamma(x) - log x + 1 / 2x, x > 0.
template <class T>
Batch<T> stirling_error_slope(const Batch<T>& x) {
  const Batch<T> inverse = Batch<T>(1) / x, z = inverse * inverse;
  const Batch<T> far = -z * polynomial(z, Gamma<T>::digamma_tail);
  const Batch<T> near = fma(Batch<T>(T(0.5)), inverse, digamma_positive(x) - log(x));
  return select(x >= Batch<T>(10), far, near);
}

/// log Gamma(x + 1) - x log x + x = 1/2 log 2 pi x + e(x), x > 0.
template <class T>
Batch<T> stirling_rest(const Batch<T>& x) {
  constexpr T two_pi = T(6.2831853071795865);
  return fma(Batch<T>(T(0.5)), log(Batch<T>(two_pi) * x), stirling_error(x));
}

/// log(1 + y) - y. With s = y / (2 + y), log(1 + y) = 2 atanh(s): it is -s y + 2 s^3 (1/3 + s^2/5 + ..).
template <class T>
Batch<T> log1p_minus(const Batch<T>& y) {
  constexpr T c[] = {T(1. / 3),  T(1. / 5),  T(1. / 7),  T(1. / 9),  T(1. / 11), T(1. / 13),
                     T(1. / 15), T(1. / 17), T(1. / 19), T(1. / 21), T(1. / 23), T(1. / 25),
                     T(1. / 27), T(1. / 29), T(1. / 31), T(1. / 33), T(1. / 35)};
  const Batch<T> s = y / (Batch<T>(2) + y), z = s * s;
  const Batch<T> near = s * ((z + z) * polynomial(z, c) - y);
  return select(abs(y) < Batch<T>(T(0.5)), near, log1p(y) - y);
}

/// Counts x >= 0 of rate exp(log_rate).
template <class T>
struct PoissonMass {
  decltype(Batch<T>() == Batch<T>()) zero;
  Batch<T> x, rate, t, surplus;  // t = log(rate / x), surplus = rate / x - 1

  PoissonMass(const Batch<T>& count, const Batch<T>& log_rate)
      : zero(count == Batch<T>(0)),
        x(select(zero, Batch<T>(1), count)),
        rate(exp(log_rate)),
        t(log_rate - log(x)),
        surplus(expm1(t)) {}

  Batch<T> value() const {
    const Batch<T> deviance = select(abs(t) < Batch<T>(T(0.5)), -log1p_minus(surplus), surplus - t);
    return select(zero, -rate, -x * deviance - stirling_rest(x));
  }
  /// In log_rate: x - rate.
  Batch<T> slope() const { return select(zero, -rate, -x * surplus); }
};

/// Counts x >= 0 of mean m = exp(log_mean) and variance m + m^2 / r, r = exp(log_inverse_dispersion),
/// which counts as exp(-80) or exp(40) beyond these.
template <class T>
struct NegativeBinomialMass {
  static constexpr T lowest = -80, highest = 40;
  using Mask = decltype(Batch<T>() == Batch<T>());

  Mask zero, ordinary;
  Batch<T> x, r, total;         // total = r + x
  Batch<T> log_odds, m;         // log(m / r)
  Batch<T> share, complement;   // r / (r + m), m / (r + m)
  Batch<T> t, surplus;          // log(m / x), m / x - 1
  Batch<T> offset, log_offset;  // (x - m) / (r + m), log((r + x) / (r + m))

  NegativeBinomialMass(const Batch<T>& count, const Batch<T>& log_mean, const Batch<T>& log_r)
      : zero(count == Batch<T>(0)), x(select(zero, Batch<T>(1), count)) {
    const Batch<T> one(1), bounded = at_least(at_most(log_r, highest), lowest);
    r = exp(bounded);
    total = r + count;
    log_odds = log_mean - bounded;
    ordinary = (log_mean < Batch<T>(highest)) & (log_mean > Batch<T>(lowest)) &
               (abs(log_odds) < Batch<T>(20));
    m = exp(log_mean);
    // From m where it is an ordinary number, which keeps its digits; a difference of logarithms does not.
    share = select(ordinary, r / (r + m), sigmoid(-log_odds));
    complement = select(ordinary, m / (r + m), sigmoid(log_odds));
    t = log_mean - log(x);
    surplus = expm1(t);
    const Batch<T> scale = share / r;
    const Batch<T> apart = select(abs(t) < one, -x * surplus * scale, x * scale - complement);
    offset = select(zero, -complement, apart);
    log_offset = select(close(), log1p(offset), log1p(count / r) - log_one_plus_odds());
  }

  Mask close() const { return abs(offset) < Batch<T>(T(0.5)); }
  /// log(1 + m / r), log(1 + r / m).
  Batch<T> log_one_plus_odds() const { return select(ordinary, log1p(m / r), softplus(log_odds)); }
  Batch<T> log_one_plus_inverse_odds() const {
    return select(ordinary, log1p(r / m), softplus(-log_odds));
  }

  Batch<T> value() const {
    const auto near = abs(t) < Batch<T>(T(0.5));
    const Batch<T> at_mean =
        x * log1p_minus(surplus) + total * log1p_minus(offset) - x * surplus * offset;
    const Batch<T> dispersed = r * log_offset + x * (log1p(r / x) - log_one_plus_inverse_odds());
    const Batch<T> elsewhere = select(near, at_mean, x * t + total * log_offset);
    const Batch<T> deviance = select(r < x, dispersed, elsewhere);
    const Batch<T> rest = stirling_error(total) - stirling_error(r) - stirling_rest(x) -
                          Batch<T>(T(0.5)) * log1p(x / r);
    return select(zero, r * log_offset, deviance + rest);
  }
  /// In log_mean: (x - m) r / (r + m).
  Batch<T> mean_slope() const { return r * offset; }
  /// In log_inverse_dispersion.
  Batch<T> dispersion_slope(const Batch<T>& log_r) const {
    const Batch<T> above = select(close(), log1p_minus(offset), log_offset - offset);
    const Batch<T> half_share = Batch<T>(T(0.5)) * x / total;
    const Batch<T> slope = r * (above + (stirling_error_slope(total) - stirling_error_slope(r))) +
                           select(zero, Batch<T>(0), half_share);
    const auto inside = (log_r < Batch<T>(highest)) & (log_r > Batch<T>(lowest));
    return select(inside, slope, Batch<T>(0));
  }
  /// In the count.
  Batch<T> count_slope() const {
    const Batch<T> count = select(zero, Batch<T>(0), x);
    return digamma_positive(total) - digamma_positive(count + Batch<T>(1)) -
           log_one_plus_inverse_odds();
  }
};

// log((exp(x) - 1) / x) and its derivatives ------------------------------------------------------------

/// Coefficients of x^2 in (log((exp(x) - 1) / x) - x / 2) / x^2: B_2n / (2n (2n)!), n >= 1.
template <class T>
struct Tilted {
  static constexpr T c[] = {
      T(0.041666666666666667),    T(-3.4722222222222222e-4),  T(5.5114638447971781e-6),
      T(-1.0333994708994709e-7),  T(2.0876756987868099e-9),   T(-4.4034917822395777e-11),
      T(9.5589546647747706e-13),  T(-2.1185501852016143e-14), T(4.7700344757099136e-16),
      T(-1.0874343492790309e-17), T(2.5040921947091952e-19),  T(-5.8143602857552181e-21),
      T(1.3595027075497952e-22),  T(-3.1976847953705524e-24)};
  static constexpr int terms = sizeof(c) / sizeof(c[0]);
  static constexpr T bound = T(1.5);  // of |x|, up to where the series serve

  Batch<T> x, a, square;
  explicit Tilted(const Batch<T>& at) : x(at), a(abs(at)), square(at * at) {}

  /// sum_n factor(n) c_n x^(2n - 2).
  template <class F>
  Batch<T> series(F factor) const {
    Batch<T> y(0);
    for (int n = terms; n >= 1; --n) y = fma(y, square, Batch<T>(T(factor(n)) * c[n - 1]));
    return y;
  }
  /// (1 - exp(-a)), for a above the bound.
  Batch<T> complement() const { return -expm1(-a); }

  Batch<T> value() const {
    const Batch<T> near = x * fma(x, series([](int) { return 1; }), Batch<T>(T(0.5)));
    const Batch<T> far = at_least(x, 0) + log(complement() / a);
    return select(a < Batch<T>(bound), near, far);
  }
  Batch<T> slope() const {
    const Batch<T> one(1);
    const Batch<T> near = fma(x, series([](int n) { return 2 * n; }), Batch<T>(T(0.5)));
    const Batch<T> q = complement(), below = one / a - (one - q) / q;
    return select(a < Batch<T>(bound), near, select(x < Batch<T>(0), below, one / q - one / a));
  }
  Batch<T> curvature() const {
    const Batch<T> one(1);
    const Batch<T> near = series([](int n) { return 2 * n * (2 * n - 1); });
    const Batch<T> q = complement(), inverse = one / a;
    return select(a < Batch<T>(bound), near, inverse * inverse - (one - q) / (q * q));
  }
};

}  // namespace
}  // namespace nelbo::kernels::NELBO_ISA
