#pragma once
#include <cstddef>

namespace nelbo::kernels {

/// What the machine can do at best: the yardsticks of the benchmarks.
struct PeakKernels {
  /// Independent chains of fused multiply-adds on float32 (a multiplication and an addition where
  /// the ISA has no fused one). Returns a number that depends on all of them.
  float (*fma_f32)(std::size_t rounds);
  std::size_t fma_flops;  // of one round
  /// a = b + s c over n elements.
  void (*triad_f32)(std::size_t n, float s, const float* b, const float* c, float* a);
};

}  // namespace nelbo::kernels
