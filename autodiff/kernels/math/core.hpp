#pragma once
// What the vector functions of this folder share. They are templates on a register of floats or
// doubles, without branches, so that a number's result never depends on its neighbours. NaN gives
// NaN; numbers below the smallest normal one count as 0, as on every thread of this library.
#include <limits>

#include "autodiff/kernels/simd.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

template <class T>
struct Float;
template <>
struct Float<float> {
  using Value = float;  // keeps a function's argument out of template deduction
  using Int = std::int32_t;
  static constexpr int mantissa_bits = 23;
  static constexpr Int one = 0x3f800000;
  static constexpr Int upper_half = ~Int{0xfff};  // of the mantissa: its square is exact
  static constexpr float magic = 0x1.8p23f;       // x + magic - magic rounds to an integer
  static constexpr float smallest = 0x1p-126f;
};
template <>
struct Float<double> {
  using Value = double;
  using Int = std::int64_t;
  static constexpr int mantissa_bits = 52;
  static constexpr Int one = 0x3ff0000000000000;
  static constexpr Int upper_half = ~Int{0x7ffffff};
  static constexpr double magic = 0x1.8p52;
  static constexpr double smallest = 0x1p-1022;
};

template <class T>
Batch<typename Float<T>::Int> bits(const Batch<T>& x) {
  return NELBO_ISA::bitwise_cast<typename Float<T>::Int>(x);
}

template <class T>
Batch<T> from_bits(const Batch<typename Float<T>::Int>& i) {
  return NELBO_ISA::bitwise_cast<T>(i);
}

template <class T>
Batch<T> infinity() {
  return Batch<T>(std::numeric_limits<T>::infinity());
}

template <class T>
Batch<T> not_a_number() {
  return Batch<T>(std::numeric_limits<T>::quiet_NaN());
}

// xsimd's min and max disagree about NaN between versions and architectures. These keep a NaN in x.
#if defined(__SSE2__) && XSIMD_VERSION_MAJOR < 14
template <class T>
Batch<T> at_most(const Batch<T>& x, typename Float<T>::Value bound) {
  return min(Batch<T>(bound), x);
}
template <class T>
Batch<T> at_least(const Batch<T>& x, typename Float<T>::Value bound) {
  return max(Batch<T>(bound), x);
}
#else
template <class T>
Batch<T> at_most(const Batch<T>& x, typename Float<T>::Value bound) {
  return select(x > Batch<T>(bound), Batch<T>(bound), x);
}
template <class T>
Batch<T> at_least(const Batch<T>& x, typename Float<T>::Value bound) {
  return select(x < Batch<T>(bound), Batch<T>(bound), x);
}
#endif

/// c[0] + c[1] x + ... by Horner's rule.
template <class V, class T, std::size_t N>
V polynomial(const V& x, const T (&c)[N]) {
  V y(c[N - 1]);
  for (std::size_t i = N - 1; i-- > 0;) y = fma(y, x, V(c[i]));
  return y;
}

/// x^2 - square, where square is the rounded x * x.
template <class T>
Batch<T> square_error(const Batch<T>& x, const Batch<T>& square) {
  const Batch<T> high = from_bits<T>(bits(x) & Batch<typename Float<T>::Int>(Float<T>::upper_half));
  return fma(x - high, x + high, high * high - square);
}

}  // namespace
}  // namespace nelbo::kernels::NELBO_ISA
