#pragma once
// pow: exp(b log a) with the logarithm and the product as sums of two numbers, since an error of
// the exponent is a relative error of the power.
#include "autodiff/kernels/math/logarithm.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

/// A number as the sum of a large and a small part.
template <class T>
struct Pair {
  Batch<T> high, low;
};

/// log x of positive normal x.
template <class T>
Pair<T> log_pair(const Batch<T>& x) {
  const Split<T> parts = split(x);
  const Batch<T>& f = parts.f;
  const Batch<T> half(T(0.5)), square = f * f;
  const Batch<T> half_square = half * square;
  const Batch<T> difference = f - half_square;
  const Batch<T> error = ((f - difference) - half_square) - half * square_error(f, square);
  const Batch<T> exponent = parts.k * Batch<T>(Exponential<T>::ln2_high);  // exact
  const Batch<T> sum = exponent + difference;
  const Batch<T> correction =
      ((exponent - sum) + difference) +
      fma(parts.k, Batch<T>(Exponential<T>::ln2_low), error + log_cubic(f, half_square));
  const Batch<T> high = sum + correction;
  return {high, (sum - high) + correction};
}

/// a b - product, where product is the rounded a * b.
template <class T>
Batch<T> product_error(const Batch<T>& a, const Batch<T>& b, const Batch<T>& product) {
  const Batch<typename Float<T>::Int> upper(Float<T>::upper_half);
  const Batch<T> ah = from_bits<T>(bits(a) & upper), bh = from_bits<T>(bits(b) & upper);
  const Batch<T> al = a - ah, bl = b - bh;
  return fma(al, bl, fma(al, bh, fma(ah, bl, ah * bh - product)));
}

template <class T>
auto is_integer(const Batch<T>& x) {
  const Batch<T> a = abs(x), shift(T(1) / std::numeric_limits<T>::epsilon());
  return (a >= shift) | ((a + shift) - shift == a);
}

template <class T>
Batch<T> pow(const Batch<T>& a, const Batch<T>& b) {
  const Batch<T> zero(0), one(1), infinite = infinity<T>();
  const Batch<T> base = abs(a);
  const Pair<T> logarithm = log_pair(base);
  const Batch<T> product = b * logarithm.high;
  const Batch<T> error = fma(b, logarithm.low, product_error(b, logarithm.high, product));
  const Batch<T> power = exp(product);
  // Beyond the range of exp the error's size no longer matters, but it must not be infinite.
  const Batch<T> corrected = select(abs(error) < one, fma(power, error, power), power);
  const Batch<T> finite = select(power < infinite, corrected, power);

  const Batch<T> rising = select(base > one, infinite, zero);   // at b = +infinity
  const Batch<T> falling = select(base > one, zero, infinite);  // at b = -infinity
  const auto extreme =
      (base < Batch<T>(Float<T>::smallest)) | (base == infinite) | (abs(b) == infinite);
  Batch<T> y = select(extreme, select(b > zero, rising, falling), finite);
  y = select(base == one, one, y);
  const auto integer = is_integer(b);
  const auto odd = integer & ~is_integer(b * Batch<T>(T(0.5)));
  y = select(odd & (copysign(one, a) < zero), -y, y);
  y = select((a < zero) & (base < infinite) & ~integer, not_a_number<T>(), y);
  y = select((a == a) & (b == b), y,
             a + b);  // not !=, which is false for NaN in some versions of xsimd
  return select((b == zero) | (a == one), one, y);
}

}  // namespace
}  // namespace nelbo::kernels::NELBO_ISA
