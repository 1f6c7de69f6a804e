#pragma once
// exp and expm1: x = n log 2 + r, |r| <= log(2) / 2, and a minimax polynomial in r; exp2 likewise
// with x = n + f, |f| <= 1/2, which is exact.
#include "autodiff/kernels/math/core.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

template <class T>
struct Exponential;
template <>
struct Exponential<float> {
  static constexpr float log2_e = 1.44269504f;
  static constexpr float ln2_high = 0.693359375f;  // few bits: n ln2_high is exact without fma
  static constexpr float ln2_low = -2.12194440e-4f;
  static constexpr float lowest = -87.3365402f;  // exp is the smallest normal number
  static constexpr float highest = 88.7228317f;  // the largest x whose exp is finite
  static constexpr float scalable = 88.3f;       // n <= 127
  static constexpr float expm1_lowest = -20;     // expm1 is -1 from here on
  /// (exp(r) - 1 - r) / r^2, relative error of exp 3e-8
  static constexpr float exp[] = {0.4999999f, 0.1666671f, 0.041676614f, 0.008353929f,
                                  0.0013162625f};
  /// The same, relative error of expm1 3e-10
  static constexpr float expm1[] = {0.5f,          0.16666667f,  0.041666314f,
                                    0.0083332155f, 0.001394432f, 0.00019964812f};
  static constexpr float exp2_lowest = -126;
  /// 2^f, relative error 1e-7 and none at 0
  static constexpr float exp2[] = {1.0f,        0.693147f,    0.24022242f,
                                   0.05550734f, 0.009671511f, 0.0013264653f};
};
template <>
struct Exponential<double> {
  static constexpr double log2_e = 1.4426950408889634;
  static constexpr double ln2_high = 6.93145751953125e-1;
  static constexpr double ln2_low = 1.42860682030941723212e-6;
  static constexpr double lowest = -708.39641853226408;
  static constexpr double highest = 709.78271289338397;
  static constexpr double scalable = 709.4;
  static constexpr double expm1_lowest = -40;
  /// Relative error of exp 4e-18
  static constexpr double exp[] = {0.5000000000000012,     0.16666666666666383,
                                   0.04166666666651939,    0.008333333333509338,
                                   0.0013888888946873114,  0.00019841269482868387,
                                   2.4801489387981222e-05, 2.7557599823620433e-06,
                                   2.7631677962217306e-07, 2.499824525507468e-08};
  static constexpr double exp2_lowest = -1022;
  /// Relative error of expm1 3e-18
  static constexpr double expm1[] = {
      0.5000000000000001,     0.1666666666666667,     0.04166666666665111,
      0.008333333333325565,   0.0013888888896005814,  0.00019841269876804334,
      2.4801574024644907e-05, 2.7557252898842514e-06, 2.7568138335518964e-07,
      2.5106251035166674e-08, 1.7688132422743686e-09};
};

/// x = n log 2 + r. The low bits of `shifted` are those of the integer n.
template <class T>
struct Reduced {
  Batch<T> shifted, n, r;
  explicit Reduced(const Batch<T>& x)
      : shifted(fma(x, Batch<T>(Exponential<T>::log2_e), Batch<T>(Float<T>::magic))),
        n(shifted - Batch<T>(Float<T>::magic)),
        r(fnma(n, Batch<T>(Exponential<T>::ln2_low),
               fnma(n, Batch<T>(Exponential<T>::ln2_high), x))) {}

  /// exp(r), in [0.7, 1.42].
  Batch<T> exp() const {
    const Batch<T> one(1);
    return fma(fma(polynomial(r, Exponential<T>::exp), r, one), r, one);
  }
  /// 2^(n + shift), if that is a normal number.
  Batch<T> scale(int shift = 0) const {
    using Int = typename Float<T>::Int;
    constexpr int width = Float<T>::mantissa_bits;
    return from_bits<T>((bits(shifted) << width) +
                        Batch<Int>(Float<T>::one + (Int(shift) << width)));
  }
};

/// exp(x) for lowest <= x <= scalable, or NaN.
template <class T>
Batch<T> exp_in_range(const Batch<T>& x) {
  const Reduced<T> reduced(x);
  return reduced.exp() * reduced.scale();
}

/// exp(x) for x <= 0.
template <class T>
Batch<T> exp_not_positive(const Batch<T>& x) {
  return select(x < Batch<T>(Exponential<T>::lowest), Batch<T>(0), exp_in_range(x));
}

template <class T>
Batch<T> exp(const Batch<T>& x) {
  const Reduced<T> reduced(x);
  // n is added to the exponent of exp(r): a factor 2^n would overflow at n = 128.
  Batch<T> y =
      from_bits<T>(bits(reduced.exp()) + (bits(reduced.shifted) << Float<T>::mantissa_bits));
  y = select(x <= Batch<T>(Exponential<T>::highest), y, x * infinity<T>());
  return select(x < Batch<T>(Exponential<T>::lowest), Batch<T>(0), y);
}

inline Batch<float> exp2_fraction(const Batch<float>& f) {
  return polynomial(f, Exponential<float>::exp2);
}
inline Batch<double> exp2_fraction(const Batch<double>& f) {
  const Batch<double> r = f * Batch<double>(0.69314718055994530942), one(1);
  return fma(fma(polynomial(r, Exponential<double>::exp), r, one), r, one);
}

/// 2^x for x <= 126, or NaN; 0 where it is below the smallest normal number.
template <class T>
Batch<T> exp2_in_range(const Batch<T>& x) {
  const Batch<T> magic(Float<T>::magic), shifted = x + magic;
  const Batch<T> y = exp2_fraction(x - (shifted - magic));
  const Batch<T> scaled = from_bits<T>(bits(y) + (bits(shifted) << Float<T>::mantissa_bits));
  return select(x < Batch<T>(Exponential<T>::exp2_lowest), Batch<T>(0), scaled);
}

#if defined(__AVX512DQ__)
// Two instructions do all but the polynomial, here of 0 <= f < 1; -infinity has f = 0.
template <>
inline Batch<float> exp2_in_range(const Batch<float>& x) {
  constexpr float c[] = {1.0f, 0.6931513f, 0.24016444f, 0.05579992f, 0.009017025f, 0.0018671314f};
  const Batch<float> f = _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
  return Batch<float>(_mm512_scalef_ps(polynomial(f, c), x));
}
#endif

/// exp(x) - 1 without cancellation near 0.
template <class T>
Batch<T> expm1(const Batch<T>& x) {
  const Reduced<T> reduced(
      at_most(at_least(x, Exponential<T>::expm1_lowest), Exponential<T>::highest + 1));
  const Batch<T>& r = reduced.r;
  const Batch<T> p = fma(r * r, polynomial(r, Exponential<T>::expm1), r);
  const Batch<T> half_scale = reduced.scale(-1);
  const Batch<T> half = fma(half_scale, p, half_scale - Batch<T>(T(0.5)));
  return copysign(half + half, x);
}

}  // namespace
}  // namespace nelbo::kernels::NELBO_ISA
