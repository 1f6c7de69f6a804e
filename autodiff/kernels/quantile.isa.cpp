#include "autodiff/kernels/quantile.hpp"

#include "autodiff/kernels/math/normal_quantile.hpp"
#include "autodiff/kernels/partial.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

/// z[i] = value(i, count), register by register.
template <class T, class F>
void fill(T* z, std::size_t n, F value) {
  constexpr std::size_t w = lanes<T>;
  for (std::size_t i = 0; i < n; i += w) {
    const std::size_t count = n - i < w ? n - i : w;
    store(z + i, count, value(i, count));
  }
}

template <class T>
void normal(const T* p, T* z, std::size_t n) {
  const Batch<T> zero(0), half(T(0.5)), one(1);
  fill(z, n, [&](std::size_t i, std::size_t count) {
    const Batch<T> x = load(p + i, count), q = x - half;
    const Batch<T> tail = select(q < zero, x, one - x);
    const Batch<T> inside = normal_quantile(q, tail);
    const Batch<T> edge = copysign(infinity<T>(), q);
    const Batch<T> other = select(tail < zero, not_a_number<T>(), edge);
    return select(tail >= Batch<T>(Float<T>::smallest), inside, select(x == x, other, x));
  });
}

void normal_of_words(const std::uint32_t* words, float* z, std::size_t n) {
  using I32 = Batch<std::int32_t>;
  const Batch<float> step(0x1p-32f), half(0x1p-33f);
  fill(z, n, [&](std::size_t i, std::size_t) {
    const I32 word =
        NELBO_ISA::bitwise_cast<std::int32_t>(Batch<std::uint32_t>::load_unaligned(words + i));
    // w - 2^31, and the distance from the nearer end of 0 .. 2^32 - 1.
    const I32 centred = word ^ I32(std::numeric_limits<std::int32_t>::min());
    const I32 distance = word ^ (word >> 31);
    return normal_quantile(fma(xsimd::to_float(centred), step, half),
                           fma(xsimd::to_float(distance), step, half));
  });
}

void normal_of_words(const std::uint64_t* words, double* z, std::size_t n) {
  using F64 = Batch<double>;
  using U64 = Batch<std::uint64_t>;
  const F64 one(1), half(0.5);
  fill(z, n, [&](std::size_t i, std::size_t) {
    const U64 one_to_two =
        (U64::load_unaligned(words + i) >> 12) | U64(std::uint64_t{0x3ff0000000000000u});
    const F64 u = (NELBO_ISA::bitwise_cast<double>(one_to_two) - one) + F64(0x1p-53);
    return normal_quantile(u - half, select(u < half, u, one - u));
  });
}

}  // namespace

extern const QuantileKernels quantile_kernels;
const QuantileKernels quantile_kernels{{normal<float>, normal_of_words},
                                       {normal<double>, normal_of_words}};

}  // namespace nelbo::kernels::NELBO_ISA
