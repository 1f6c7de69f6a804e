#pragma once
// log |Gamma| and its derivatives: recurrence into an interval around the zeros 1 and 2 (lgamma)
// or 1.46 (digamma) where a polynomial has the zero as a factor, Stirling's series for large x,
// reflection for x < 0.
#include "autodiff/kernels/math/logarithm.hpp"
#include "autodiff/kernels/math/trigonometric.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

template <class T>
struct Gamma;
template <>
struct Gamma<float> {
  /// lgamma(x) / ((x - 1) (x - 2)) in x - 1.625, 0.8 <= x <= 2.45; relative error 2e-9
  static constexpr float lgamma[] = {
      0.46580964f,    -0.131579f,     0.05257932f,    -0.024194248f,  0.0119943f,
      -0.0062183402f, 0.003296974f,   -0.0017876803f, 0.001080207f,   -0.00062461157f,
      0.00015510278f, -6.421261e-05f, 0.00024767246f, -0.00015327071f};
  /// digamma(x) / (x - zero) in x - 1.625, 1 <= x <= 2.25; relative error 4e-9
  static constexpr float digamma[] = {0.9015925f,    -0.36977497f,   0.19272077f,   -0.1091978f,
                                      0.06424343f,   -0.038540084f,  0.023583276f,  -0.0144224195f,
                                      0.0077749672f, -0.0046777367f, 0.0052694483f, -0.0033236546f};
  static constexpr float zero_high = 1.4616321325302124f, zero_low = 1.24381499e-8f;
  /// Coefficients of 1/x^2 in x times Stirling's correction, from Bernoulli's numbers B_2k
  static constexpr float lgamma_tail[] = {8.33333333e-2f, -2.77777778e-3f, 7.93650794e-4f};
  static constexpr float digamma_tail[] = {8.33333333e-2f, -8.33333333e-3f, 3.96825397e-3f,
                                           -4.16666667e-3f};
  static constexpr float trigamma_tail[] = {0.166666667f, -0.0333333333f, 0.0238095238f,
                                            -0.0333333333f};
  static constexpr float tetragamma_tail[] = {0.5f, -0.166666667f, 0.166666667f, -0.3f};
  static constexpr int polygamma_steps = 6;  // the series serves from here on
};
template <>
struct Gamma<double> {
  static constexpr double lgamma[] = {
      0.46580963736232694,     -0.13157899128683392,    0.052579426220433684,
      -0.024194436430699698,   0.011991915957018862,    -0.00621545041358884,
      0.0033172708586365765,   -0.0018070640233518575,  0.000999272774930704,
      -0.0005589496401388574,  0.00031549411081710103,  -0.00017939057683486246,
      0.00010262889716645176,  -5.901721322149485e-05,  3.406995548159657e-05,
      -1.974806130435918e-05,  1.1567871607424549e-05,  -6.773117850049117e-06,
      3.721038796635615e-06,   -2.1292335652511114e-06, 1.7910533764257992e-06,
      -1.1447484180174227e-06, -1.8195591625748293e-07, 2.1180619174667287e-07,
      8.239842339516776e-07,   -5.682119611378963e-07,  -3.578775707058128e-07,
      2.487591464767203e-07,   1.5458285360711883e-07,  -9.939840412633864e-08};
  static constexpr double digamma[] = {
      0.9015925158282158,      -0.36977496445741076,   0.1927201246014621,
      -0.10919698588599196,    0.06426251743363638,    -0.03855782679361977,
      0.023380439933510456,    -0.014262521426617426,  0.008730867791298428,
      -0.0053557290670513315,  0.0032894287023754977,  -0.0020218776324842564,
      0.0012433280434304681,   -0.0007645889341537119, 0.00047035266040257393,
      -0.000290462789751475,   0.00017886125751858439, -0.00010605522833424698,
      6.490379153790473e-05,   -5.00112195811339e-05,  3.138406849456737e-05,
      -3.1127768368436706e-06, 1.3220945689932984e-06, -1.5889454615557923e-05,
      1.003135540540705e-05};
  static constexpr double zero_high = 1.4616321449683622, zero_low = 9.5499954299656977e-17;
  static constexpr double lgamma_tail[] = {
      8.3333333333333333e-2,  -2.7777777777777778e-3, 7.9365079365079365e-4,
      -5.9523809523809524e-4, 8.4175084175084175e-4,  -1.9175269175269175e-3,
      6.4102564102564103e-3,  -2.9550653594771242e-2, 1.7964437236883057e-1};
  static constexpr double digamma_tail[] = {
      8.3333333333333333e-2,  -8.3333333333333333e-3, 3.9682539682539683e-3,
      -4.1666666666666667e-3, 7.5757575757575758e-3,  -2.1092796092796093e-2,
      8.3333333333333333e-2,  -4.4325980392156863e-1, 3.0539543302701197};
  static constexpr double trigamma_tail[] = {
      1.6666666666666667e-1,  -3.3333333333333333e-2, 2.3809523809523810e-2,
      -3.3333333333333333e-2, 7.5757575757575758e-2,  -2.5311355311355311e-1,
      1.1666666666666667,     -7.0921568627450980,    5.4971177944862155e1};
  static constexpr double tetragamma_tail[] = {0.5,  -1.6666666666666667e-1, 1.6666666666666667e-1,
                                               -0.3, 8.3333333333333333e-1,  -3.2904761904761905,
                                               17.5, -1.2056666666666667e2,  1.0444523809523810e3};
  static constexpr int polygamma_steps = 11;
};

/// x - n for the nearest integer n, exact; 0 where all numbers of the type are integers.
template <class T>
Batch<T> distance_from_integer(const Batch<T>& x) {
  const Batch<T> magic(Float<T>::magic);
  const Batch<T> d = x - ((x + magic) - magic);
  return select(abs(x) < Batch<T>(Float<T>::magic / 4), d, Batch<T>(0));
}

/// sin and cos of pi x for x = n + d, with the sign (-1)^n of both left out.
template <class T>
struct HalfTurns {
  Batch<T> sine, cosine;
  explicit HalfTurns(const Batch<T>& x) {
    const Batch<T> angle = Batch<T>(T(3.14159265358979324)) * distance_from_integer(x);
    sine = sin_reducible(angle, 0);
    cosine = sin_reducible(angle, 1);
  }
};

/// lgamma(x) for x >= 0.
template <class T>
Batch<T> lgamma_positive(const Batch<T>& x) {
  using K = Gamma<T>;
  const Batch<T> one(1), eight(8);
  const auto small = x < Batch<T>(T(0.8)), large = x >= eight;
  // Gamma(x) = Gamma(y) product for x above 2.4, Gamma(y) / x below 0.8.
  Batch<T> y = select(small, x + one, x), product = one;
  for (int step = 0; step < 6; ++step) {
    const auto down = y > Batch<T>(T(2.4));
    y = select(down, y - one, y);
    product = select(down, product * y, product);
  }
  const Batch<T> logarithm = log(select(small | large, x, product));
  const Batch<T> base =
      (y - one) * (y - Batch<T>(2)) * polynomial(y - Batch<T>(T(1.625)), K::lgamma);
  const Batch<T> near = base + select(small, -logarithm, logarithm);

  const Batch<T> inverse = one / x;
  const Batch<T> correction = inverse * polynomial(inverse * inverse, K::lgamma_tail);
  constexpr T constant = T(0.41893853320467274);  // (log(2 pi) - 1) / 2
  const Batch<T> far = fma(x - Batch<T>(T(0.5)), logarithm - one, Batch<T>(constant) + correction);
  return select(large, far, near);
}

template <class T>
Batch<T> lgamma(const Batch<T>& x) {
  const auto negative = x < Batch<T>(0);
  const Batch<T> y = lgamma_positive(select(negative, Batch<T>(1) - x, x));
  if (!any(negative)) return y;
  const Batch<T> sine = abs(HalfTurns<T>(x).sine);
  const Batch<T> reflected = log(Batch<T>(T(3.14159265358979324)) / sine) - y;
  return select(negative, select(sine == Batch<T>(0), infinity<T>(), reflected), y);
}

/// digamma(x) for x >= 0.
template <class T>
Batch<T> digamma_positive(const Batch<T>& x) {
  using K = Gamma<T>;
  const Batch<T> one(1), ten(10);
  const auto small = x < one, large = x >= ten;
  // digamma(x) = digamma(y) + numerator / denominator: the sum of 1 / y, y + 1, ... or -1 / x.
  Batch<T> y = select(small, x + one, x);
  Batch<T> numerator = select(small, -one, Batch<T>(0)), denominator = select(small, x, one);
  for (int step = 0; step < 8; ++step) {
    const auto down = y > Batch<T>(T(2.25));
    y = select(down, y - one, y);
    numerator = select(down, fma(numerator, y, denominator), numerator);
    denominator = select(down, denominator * y, denominator);
  }
  const Batch<T> from_zero = (y - Batch<T>(K::zero_high)) - Batch<T>(K::zero_low);
  const Batch<T> near =
      fma(from_zero, polynomial(y - Batch<T>(T(1.625)), K::digamma), numerator / denominator);

  const Batch<T> inverse = one / x, z = inverse * inverse;
  const Batch<T> far = log(x) - fma(Batch<T>(T(0.5)), inverse, z * polynomial(z, K::digamma_tail));
  return select(large, far, near);
}

template <class T>
Batch<T> digamma(const Batch<T>& x) {
  const auto negative = x < Batch<T>(0);
  const Batch<T> y = digamma_positive(select(negative, Batch<T>(1) - x, x));
  if (!any(negative)) return y;
  const HalfTurns<T> turns(x);
  const Batch<T> reflected = fnma(Batch<T>(T(3.14159265358979324)), turns.cosine / turns.sine, y);
  return select(negative, select(turns.sine == Batch<T>(0), not_a_number<T>(), reflected), y);
}

template <class T>
Batch<T> trigamma(const Batch<T>& x) {
  using K = Gamma<T>;
  const Batch<T> one(1), last(K::polygamma_steps);
  const auto negative = x < Batch<T>(0);
  Batch<T> y = select(negative, one - x, x), sum(0);
  for (int step = 0; step < K::polygamma_steps; ++step) {
    const auto up = y < last;
    sum = select(up, sum + one / (y * y), sum);
    y = select(up, y + one, y);
  }
  const Batch<T> inverse = one / y, z = inverse * inverse;
  const Batch<T> series =
      fma(inverse * z, polynomial(z, K::trigamma_tail), fma(Batch<T>(T(0.5)), z, inverse));
  const Batch<T> value = sum + series;
  if (!any(negative)) return value;
  const Batch<T> cosecant = Batch<T>(T(3.14159265358979324)) / HalfTurns<T>(x).sine;
  return select(negative, fma(cosecant, cosecant, -value), value);
}

/// The derivative of trigamma.
template <class T>
Batch<T> tetragamma(const Batch<T>& x) {
  using K = Gamma<T>;
  const Batch<T> one(1), last(K::polygamma_steps);
  const auto negative = x < Batch<T>(0);
  Batch<T> y = select(negative, one - x, x), sum(0);
  for (int step = 0; step < K::polygamma_steps; ++step) {
    const auto up = y < last;
    sum = select(up, sum - Batch<T>(2) / (y * y * y), sum);
    y = select(up, y + one, y);
  }
  const Batch<T> inverse = one / y, z = inverse * inverse;
  const Batch<T> series = fma(z * z, polynomial(z, K::tetragamma_tail), fma(z, inverse, z));
  const Batch<T> value = sum - series;
  if (!any(negative)) return value;
  const HalfTurns<T> turns(x);
  const Batch<T> cosecant = Batch<T>(T(3.14159265358979324)) / turns.sine;
  return select(negative, fnma(Batch<T>(2) * turns.cosine * cosecant, cosecant * cosecant, value),
                value);
}

}  // namespace
}  // namespace nelbo::kernels::NELBO_ISA
