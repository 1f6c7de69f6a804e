#pragma once
// Cosine and sine of random angles, from the angle's bits.
#include "autodiff/kernels/simd.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

/// Cosine and sine of 2 pi t for t = q / 4 + r, |r| <= 1/8 turn, from those of a = 2 pi r: the
/// quadrant q is known from the random bits, so there is no range to reduce. Bits 0 and 1 of
/// `quadrant` hold q.
template <class T, class Word>
struct Wave {
  Batch<T> cosine;
  Batch<T> sine;

  Wave(const Batch<T>& cosine_a, const Batch<T>& sine_a, const Batch<Word>& quadrant) {
    constexpr int sign_shift = 8 * sizeof(Word) - 2;
    const Batch<Word> c = bitwise_cast<Word>(cosine_a);
    const Batch<Word> s = bitwise_cast<Word>(sine_a);
    const Batch<Word> one(Word{1}), two(Word{2});
    // They change places in quadrants 1 and 3; the cosine is negative in 1, 2, the sine in 2, 3.
    const Batch<Word> exchange = (c ^ s) & (Batch<Word>(Word{0}) - (quadrant & one));
    cosine = bitwise_cast<T>(c ^ exchange ^ (((quadrant + one) & two) << sign_shift));
    sine = bitwise_cast<T>(s ^ exchange ^ ((quadrant & two) << sign_shift));
  }
};

/// Of word / 2^32 turns. Polynomials of Cephes (Moshier), |a| <= pi / 4.
inline Wave<float, std::uint32_t> wave(const Batch<std::uint32_t>& word) {
  using U32 = Batch<std::uint32_t>;
  using F32 = Batch<float>;
  constexpr float two_pi = 6.28318530717958647693f;
  const U32 quadrant = (word + U32(std::uint32_t{1} << 29)) >> 30;
  const Batch<std::int32_t> rest = bitwise_cast<std::int32_t>(word - (quadrant << 30));
  const F32 a = xsimd::to_float(rest) * F32(two_pi * 0x1p-32f);
  const F32 z = a * a;
  F32 s = xsimd::fma(F32(-1.9515295891e-4f), z, F32(8.3321608736e-3f));
  s = xsimd::fma(s, z, F32(-1.6666654611e-1f));
  F32 c = xsimd::fma(F32(2.443315711809948e-5f), z, F32(-1.388731625493765e-3f));
  c = xsimd::fma(c, z, F32(4.166664568298827e-2f));
  c = xsimd::fma(c, z, F32(-0.5f));
  return {xsimd::fma(c, z, F32(1.0f)), xsimd::fma(s * z, a, a), quadrant};
}

/// Of u turns, 0 < u < 1.
inline Wave<double, std::uint64_t> wave(const Batch<double>& u) {
  using F64 = Batch<double>;
  constexpr double two_pi = 6.28318530717958647693;
  const F64 integer_bits(0x1p52);
  // The lowest bits of 4 u + 2^52 are those of round(4 u).
  const F64 rounded = xsimd::fma(F64(4.0), u, integer_bits);
  const F64 quarters = rounded - integer_bits;
  const F64 a = xsimd::fnma(F64(0.25), quarters, u) * F64(two_pi);
  const F64 z = a * a;
  F64 s = xsimd::fma(F64(1.58962301576546568060e-10), z, F64(-2.50507477628578072866e-8));
  s = xsimd::fma(s, z, F64(2.75573136213857245213e-6));
  s = xsimd::fma(s, z, F64(-1.98412698295895385996e-4));
  s = xsimd::fma(s, z, F64(8.33333333332211858878e-3));
  s = xsimd::fma(s, z, F64(-1.66666666666666307295e-1));
  F64 c = xsimd::fma(F64(-1.13585365213876817300e-11), z, F64(2.08757008419747316778e-9));
  c = xsimd::fma(c, z, F64(-2.75573141792967388112e-7));
  c = xsimd::fma(c, z, F64(2.48015872888517045348e-5));
  c = xsimd::fma(c, z, F64(-1.38888888888730564116e-3));
  c = xsimd::fma(c, z, F64(4.16666666666665929218e-2));
  c = xsimd::fma(c, z, F64(-0.5));
  return {xsimd::fma(c, z, F64(1.0)), xsimd::fma(s * z, a, a),
          bitwise_cast<std::uint64_t>(rounded)};
}

}  // namespace
}  // namespace nelbo::kernels::NELBO_ISA
