#pragma once
// log and log1p: x = 2^k (1 + f) and a minimax polynomial in f, or in f / (2 + f).
#include "autodiff/kernels/math/exponential.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

/// x = 2^k (1 + f) for positive normal x.
template <class T>
struct Split {
  Batch<T> k, f;
};

/// f in [-1/3, 1/3).
inline Split<float> split(const Batch<float>& x) {
  const Batch<std::int32_t> lowest(0x3f2aaaab);  // 2/3
  const Batch<std::int32_t> i = bits(x) - lowest;
  const Batch<std::int32_t> mantissa = (i & Batch<std::int32_t>(0x007fffff)) + lowest;
  return {to_float(i >> 23), from_bits<float>(mantissa) - Batch<float>(1)};
}

/// f in [sqrt(1/2) - 1, sqrt(2) - 1).
inline Split<double> split(const Batch<double>& x) {
  using Int = Batch<std::int64_t>;
  using Word = Batch<std::uint64_t>;
  const Int lowest(0x3fe6a09e667f3bcd);
  const Int i = bits(x) - lowest + Int(Float<double>::one);
  const Int mantissa = (i & Int(0x000fffffffffffff)) + lowest;
  // Few machines convert 64-bit integers: the exponent becomes the mantissa of 2^52 + exponent.
  const Word exponent = NELBO_ISA::bitwise_cast<std::uint64_t>(i) >> 52;
  const Batch<double> shifted =
      NELBO_ISA::bitwise_cast<double>(exponent | Word(0x4330000000000000));
  return {shifted - Batch<double>(0x1p52 + 1023), from_bits<double>(mantissa) - Batch<double>(1)};
}

/// log(1 + f) - f + half_square, where half_square = f^2 / 2; relative error of log(1 + f) 5e-9.
inline Batch<float> log_cubic(const Batch<float>& f, const Batch<float>& half_square) {
  constexpr float c[] = {0.33333215f, -0.24999797f, 0.20010401f, -0.16680512f,
                         0.14005916f, -0.12183948f, 0.13984303f, -0.1289294f};
  return (half_square + half_square) * f * polynomial(f, c);
}

/// With s = f / (2 + f): log(1 + f) = 2 atanh(s) = f - f^2 / 2 + s (f^2 / 2 + z p(z)), z = s^2.
inline Batch<double> log_cubic(const Batch<double>& f, const Batch<double>& half_square) {
  constexpr double c[] = {0.6666666666666716, 0.3999999999945842, 0.2857142874599194,
                          0.2222219714346162, 0.1818368185952263, 0.15310165298564682,
                          0.14841873241054038};
  const Batch<double> s = f / (Batch<double>(2) + f);
  const Batch<double> z = s * s;
  return s * fma(z, polynomial(z, c), half_square);
}

/// log x + correction for positive normal x.
template <class T>
Batch<T> log_normal(const Batch<T>& x, const Batch<T>& correction) {
  const Split<T> parts = split(x);
  const Batch<T> half_square = Batch<T>(T(0.5)) * parts.f * parts.f;
  const Batch<T> rest = log_cubic(parts.f, half_square) - half_square + correction;
  const Batch<T> low = fma(parts.k, Batch<T>(Exponential<T>::ln2_low), rest);
  return fma(parts.k, Batch<T>(Exponential<T>::ln2_high), parts.f + low);
}

/// y where x is positive and finite; the logarithm's values elsewhere.
template <class T>
Batch<T> log_edges(const Batch<T>& x, const Batch<T>& y) {
  const Batch<T> below = select(x < Batch<T>(0), not_a_number<T>(), -infinity<T>());
  return select(x < Batch<T>(Float<T>::smallest), below, select(x < infinity<T>(), y, x));
}

template <class T>
Batch<T> log(const Batch<T>& x) {
  return log_edges(x, log_normal(x, Batch<T>(0)));
}

/// log(1 + x) without cancellation near 0.
template <class T>
Batch<T> log1p(const Batch<T>& x) {
  const Batch<T> one(1);
  const Batch<T> u = one + x;
  const Batch<T> rounded = u - one;
  const Batch<T> error = (one - (u - rounded)) + (x - rounded);  // of 1 + x
  return log_edges(u, log_normal(u, error / u));
}

/// log1p(u) for 0 <= u <= 1, cheaply.
inline Batch<float> log1p_unit(const Batch<float>& u) {
  constexpr float c[] = {1.0f,         -0.49999902f, 0.33329967f,   -0.24954168f, 0.19676061f,
                         -0.15305814f, 0.10603855f,  -0.056960065f, 0.019851094f, -0.0032438193f};
  return u * polynomial(u, c);
}
inline Batch<double> log1p_unit(const Batch<double>& u) { return log1p(u); }

}  // namespace
}  // namespace nelbo::kernels::NELBO_ISA
