#pragma once
#include <cstddef>
#include <cstdint>

namespace nelbo::kernels {

/// Samples and components stand in panels of this many: number k of row d of panel p is at
/// [p][d][k]. The last panel is filled up, with components of density 0.
inline constexpr std::size_t pairwise_panel = 16;

/// Neighbouring dimensions [begin, end). `slot` is that of their joint density, or -1.
struct PairwiseSegment {
  std::int32_t begin, end, slot;
};

/// All pairs of a sample z and a component N(mean, sigma^2). Everything is in log2: a dimension's
/// log-density is constant - u^2 with u = (z - mean) scale, scale = sqrt(log2(e) / 2) / sigma. A
/// "slot" is one logarithm of a sum over components: slot d (the marginal of dimension d), those of
/// the segments, and that of all dimensions.
template <class T>
struct PairwiseProblem {
  std::size_t dims;
  std::size_t slots;
  std::size_t segment_count;
  const PairwiseSegment* segments;  // all dimensions, in order
  bool marginals;                   // the slots 0 ... dims - 1 count
  std::int32_t joint_slot;          // or -1
  std::size_t samples;              // number of samples: the last panel of z may hold fewer
  /// Sample i weighs component i mod batch by `own`, the next (cyclically) by `stand_in` and the
  /// others by `other`, which is 0 or -infinity. batch 0: all weights are 1.
  std::size_t batch;
  T own, stand_in, other;
  const T* z;                        // panels of samples, [dims] rows
  const T *mean, *scale, *constant;  // panels of components, [dims] rows
};

/// `maximum`, `sum` and `weight` are panels of samples with [slots] rows: a slot's sum over the
/// components is sum 2^maximum, and weight sum is the cotangent of its logarithm.
template <class T>
struct PairwiseFunctions {
  /// scale and constant of n components of log-variance v.
  void (*prepare)(std::size_t n, const T* v, T* scale, T* constant);
  /// Adds the component panels [first, last) to the slots of one panel of samples. Start with
  /// maximum = the lowest number and sum = 0. `part` is working memory of the size of sum.
  void (*log_sum_exp)(const PairwiseProblem<T>& p, std::size_t sample_panel, std::size_t first,
                      std::size_t last, T* maximum, T* sum, T* part);
  /// y = log(sum 2^maximum) + shift, natural logarithm.
  void (*finish)(std::size_t n, const T* maximum, const T* sum, T shift, T* y);
  /// dz [dims][panel] += sum over the component panels [first, last) of w u scale, where w is the
  /// derivative with respect to the log-density.
  void (*sample_gradient)(const PairwiseProblem<T>& p, std::size_t sample_panel, std::size_t first,
                          std::size_t last, const T* maximum, const T* weight, T* dz);
  /// to [3][dims][panel] += sums of w u, w u^2 and w over the sample panels [first, last).
  void (*component_gradient)(const PairwiseProblem<T>& p, std::size_t component_panel,
                             std::size_t first, std::size_t last, const T* maximum, const T* weight,
                             T* to);
};

struct PairwiseKernels {
  PairwiseFunctions<float> f32;
  PairwiseFunctions<double> f64;
};

}  // namespace nelbo::kernels
