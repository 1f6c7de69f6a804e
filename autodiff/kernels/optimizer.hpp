#pragma once
#include <cstddef>

namespace nelbo::kernels {

// past_caches: p is written to memory past the caches, for other cores have read it and are far.

/// p -= rate m with m = momentum m + scale g.
struct SgdStep {
  double rate;
  double momentum;
  double scale;  // of the gradient (clipping)
  bool past_caches;
};

/// p = p - decay p - rate m / (root sqrt(v) + epsilon), with m = beta1 m + (1 - beta1) scale g and
/// v = beta2 v + (1 - beta2) (scale g)^2.
struct AdamStep {
  double rate;
  double beta1;
  double beta2;
  double root;
  double epsilon;
  double decay;
  double scale;
  bool past_caches;
};

/// Over n consecutive elements. m may be null in sgd: then momentum is 0.
template <class T>
struct OptimizerFunctions {
  void (*sgd)(const SgdStep&, std::size_t n, T* p, const T* g, T* m);
  void (*adam)(const AdamStep&, std::size_t n, T* p, const T* g, T* m, T* v);
  /// Sum of squares, in double.
  double (*square_sum)(std::size_t n, const T* g);
};

struct OptimizerKernels {
  OptimizerFunctions<float> f32;
  OptimizerFunctions<double> f64;
};

}  // namespace nelbo::kernels
