#pragma once
// sin and cos: x = n pi/2 + r, |r| <= pi/4, with pi/2 in three parts so that n times each of the
// first two is exact, and minimax polynomials in r^2.
#include "autodiff/kernels/math/core.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

template <class T>
struct Trigonometric;
template <>
struct Trigonometric<float> {
  static constexpr float half_pi[] = {1.5703125f, 4.837512969970703125e-4f,
                                      7.54978995489188216e-8f};
  static constexpr float reducible = 8192;
  /// (sin(r) / r - 1) / r^2 and (cos(r) - 1 + r^2 / 2) / r^4 in r^2
  static constexpr float sine[] = {-0.16666667f, 0.008333329f, -0.0001983918f, 2.716587e-06f};
  static constexpr float cosine[] = {0.041666653f, -0.0013887605f, 2.4457127e-05f};
};
template <>
struct Trigonometric<double> {
  static constexpr double half_pi[] = {1.570796251296997070312, 7.54978941586159635335e-8,
                                       5.39030285815811905290e-15};
  static constexpr double reducible = 1e6;
  static constexpr double sine[] = {-0.16666666666666638,    0.008333333333322668,
                                    -0.00019841269829238745, 2.755731331518348e-06,
                                    -2.5050679822798343e-08, 1.5891473539265488e-10};
  static constexpr double cosine[] = {0.04166666666666665,    -0.0013888888888882217,
                                      2.480158729406137e-05,  -2.755731552796756e-07,
                                      2.0875863483829458e-09, -1.1365956518864548e-11};
};

/// sin(x + quarter_turns pi/2) for |x| <= reducible.
template <class T>
Batch<T> sin_reducible(const Batch<T>& x, int quarter_turns) {
  using K = Trigonometric<T>;
  using Int = typename Float<T>::Int;
  const Batch<T> magic(Float<T>::magic), one(1);
  const Batch<T> shifted = fma(x, Batch<T>(T(0.63661977236758134)), magic);
  const Batch<T> n = shifted - magic;
  const Batch<T> r = fnma(n, Batch<T>(K::half_pi[2]),
                          fnma(n, Batch<T>(K::half_pi[1]), fnma(n, Batch<T>(K::half_pi[0]), x)));
  const Batch<T> z = r * r;
  const Batch<T> sine = fma(z * r, polynomial(z, K::sine), r);
  const Batch<T> cosine = fma(z * z, polynomial(z, K::cosine), fnma(Batch<T>(T(0.5)), z, one));
  const Batch<Int> quadrant = bits(shifted) + Batch<Int>(quarter_turns);
  const Batch<T> half = (n + Batch<T>(T(quarter_turns))) * Batch<T>(T(0.5));
  const Batch<T> y = select((half + magic) - magic == half, sine, cosine);
  constexpr int to_sign = 8 * sizeof(T) - 2;
  return from_bits<T>(bits(y) ^ ((quadrant & Batch<Int>(2)) << to_sign));
}

/// Replaces y by f(x), in double, in the lanes where |x| is too large to be reduced here.
template <class T>
Batch<T> huge_arguments(const Batch<T>& x, const Batch<T>& y, double (*f)(double)) {
  if (!any(abs(x) > Batch<T>(Trigonometric<T>::reducible))) return y;
  T argument[lanes<T>], value[lanes<T>];
  x.store_unaligned(argument);
  y.store_unaligned(value);
  for (std::size_t i = 0; i < lanes<T>; ++i) {
    if (std::fabs(argument[i]) > Trigonometric<T>::reducible) value[i] = T(f(argument[i]));
  }
  return Batch<T>::load_unaligned(value);
}

template <class T>
Batch<T> sin(const Batch<T>& x) {
  return huge_arguments<T>(x, sin_reducible(x, 0), ::sin);
}

template <class T>
Batch<T> cos(const Batch<T>& x) {
  return huge_arguments<T>(x, sin_reducible(x, 1), ::cos);
}

}  // namespace
}  // namespace nelbo::kernels::NELBO_ISA
