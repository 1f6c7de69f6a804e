#pragma once
// erf and the normal distribution function, from exp(-x^2) and a polynomial for exp(x^2) erfc(x).
#include "autodiff/kernels/math/exponential.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

template <class T>
struct ErrorFunction;
template <>
struct ErrorFunction<float> {
  static constexpr float middle = 3;
  /// (1 + 2x) exp(x^2) erfc(x) in t = (x - middle) / (x + middle), x >= 0; relative error 2e-9
  static constexpr float tail[] = {1.253008f,     -0.13562115f,   -0.04756241f,   0.12964644f,
                                   -0.119270794f, 0.068295754f,   -0.023798535f,  0.0025665616f,
                                   0.0020033503f, -0.0007751193f, -0.00026717974f};
  /// erf(x) / x in x^2, |x| <= 1; relative error 1e-9
  static constexpr float inner[] = {1.1283791f,    -0.37612626f,    0.112835854f, -0.026853815f,
                                    0.0051883305f, -0.00080102024f, 7.85385e-05f};
};
template <>
struct ErrorFunction<double> {
  static constexpr double middle = 3.75;
  /// Relative error 1.5e-18
  static constexpr double tail[] = {
      1.2375126308378275,      -0.140240598585547,     0.0035854154854629916,
      0.0822767384901488,      -0.10880393014166319,   0.09230432116029179,
      -0.05869339859163538,    0.028362277419602566,   -0.009746579534005123,
      0.0017556258549022753,   0.00029371349645070923, -0.0002901541435410462,
      5.164984204016699e-05,   2.238468864777282e-05,  -1.1446230923427309e-05,
      -9.752616957374575e-07,  1.7553139405534572e-06, -5.337911325972392e-08,
      -2.6243955965614047e-07, 1.8080625285469632e-08, 4.0364640593697875e-08,
      1.3080213748876313e-10,  -4.872748921854892e-09, -9.252966767433499e-10};
  /// Relative error 1.3e-19
  static constexpr double inner[] = {
      1.1283791670955126,     -0.3761263890318375,     0.11283791670954858,
      -0.02686617064507296,   0.00522397762478137,     -0.0008548326978765149,
      0.00012055331037551108, -1.4925593518728226e-05, 1.6460972954153765e-06,
      -1.635002619207727e-07, 1.4657883530919653e-08,  -1.136567067182716e-09,
      5.945255584223488e-11};
};

/// exp(-s) for s = factor x^2, with the rounding error of x^2 corrected.
template <class T>
Batch<T> exp_minus_square(const Batch<T>& x, typename Float<T>::Value factor) {
  const Batch<T> square = x * x;
  const Batch<T> error = Batch<T>(factor) * square_error(x, square);
  const Batch<T> y = exp_not_positive(Batch<T>(-factor) * square);
  return fnma(y, error, y);
}

/// exp(x^2) erfc(x) for x >= 0.
template <class T>
Batch<T> scaled_erfc(const Batch<T>& x) {
  const Batch<T> middle(ErrorFunction<T>::middle);
  const Batch<T> t = (x - middle) / (x + middle);
  return polynomial(t, ErrorFunction<T>::tail) / fma(Batch<T>(2), x, Batch<T>(1));
}

template <class T>
Batch<T> erf(const Batch<T>& x) {
  // Beyond 9 erf is 1 in either type.
  const Batch<T> a = at_most(abs(x), 9);
  const Batch<T> inner = a * polynomial(a * a, ErrorFunction<T>::inner);
  const Batch<T> outer = fnma(exp_minus_square(a, 1), scaled_erfc(a), Batch<T>(1));
  return copysign(select(a < Batch<T>(1), inner, outer), x);
}

/// The standard normal's distribution function.
template <class T>
Batch<T> normal_cdf(const Batch<T>& x) {
  const Batch<T> a = at_most(abs(x), 40);
  const Batch<T> upper = Batch<T>(T(0.5)) * exp_minus_square(a, 0.5) *
                         scaled_erfc(a * Batch<T>(T(0.70710678118654752)));
  return select(x < Batch<T>(0), upper, Batch<T>(1) - upper);
}

/// The standard normal's density.
template <class T>
Batch<T> normal_density(const Batch<T>& x) {
  return Batch<T>(T(0.39894228040143268)) * exp_minus_square(at_most(abs(x), 40), 0.5);
}

}  // namespace
}  // namespace nelbo::kernels::NELBO_ISA
