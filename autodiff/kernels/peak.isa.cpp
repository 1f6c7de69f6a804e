#include "autodiff/kernels/peak.hpp"

#include "autodiff/kernels/simd.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

using V = Batch<float>;

// Enough chains to hide the latency of two units, few enough to stay in registers.
#if defined(NELBO_ISA_avx512)
constexpr int chains = 24;
#else
constexpr int chains = 12;
#endif

float fma_f32(std::size_t rounds) {
  V x[chains];
#pragma GCC unroll 24
  for (int i = 0; i < chains; ++i) x[i] = V(static_cast<float>(i));
  const V half(0.5f), one(1.0f);
  for (std::size_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 24
    for (int i = 0; i < chains; ++i) x[i] = xsimd::fma(x[i], half, one);
  }
#pragma GCC unroll 24
  for (int i = 1; i < chains; ++i) x[0] += x[i];
  return reduce_add(x[0]);
}

void triad_f32(std::size_t n, float s, const float* b, const float* c, float* a) {
  const V scale(s);
  std::size_t i = 0;
  for (; i + V::size <= n; i += V::size) {
    xsimd::fma(scale, V::load_unaligned(c + i), V::load_unaligned(b + i)).store_unaligned(a + i);
  }
  for (; i < n; ++i) a[i] = b[i] + s * c[i];
}

}  // namespace

extern const PeakKernels peak_kernels;
const PeakKernels peak_kernels = {fma_f32, 2 * chains* V::size, triad_f32};

}  // namespace nelbo::kernels::NELBO_ISA
