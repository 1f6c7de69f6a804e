#pragma once
#include <cstddef>

namespace nelbo::kernels {

/// p -= rate m with m = momentum m + scale g.
struct SgdStep {
  double rate;
  double momentum;
  double scale;  // of the gradient (clipping)
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
};

/// Over n consecutive elements. m may be null in sgd: then momentum is 0.
struct OptimizerKernels {
  void (*sgd_f32)(const SgdStep&, std::size_t n, float* p, const float* g, float* m);
  void (*sgd_f64)(const SgdStep&, std::size_t n, double* p, const double* g, double* m);
  void (*adam_f32)(const AdamStep&, std::size_t n, float* p, const float* g, float* m, float* v);
  void (*adam_f64)(const AdamStep&, std::size_t n, double* p, const double* g, double* m,
                   double* v);
  /// Sum of squares, in double.
  double (*square_sum_f32)(std::size_t n, const float* g);
  double (*square_sum_f64)(std::size_t n, const double* g);
};

}  // namespace nelbo::kernels
