#pragma once
#include <cstddef>

namespace nelbo::kernels {

/// An operand as rows of D numbers: row r of the result reads its row r modulo `count`.
template <class T>
struct DensityRows {
  const T* data;
  std::size_t count;
};

/// Rows first .. last - 1 of a result whose operands' rows have n numbers.
template <class T>
struct DensityRange {
  std::size_t first, last, n;
  T* buffer;  // n numbers of working memory
};

/// Rows first .. last - 1 of the adjoint of an operand of `count` rows. Row r of them gets what
/// rows r, r + count, r + 2 count, ... below `total` of the result contribute, at least one; it is
/// added to where `add`, else stored.
template <class T>
struct DensityAdjoint {
  T* data;
  std::size_t count, total;
  bool add;
};

/// Log-densities of rows of D numbers, and their gradients: `out` and the cotangents c have one
/// number per row of the result. Normal distributions are given by mean m and log-variance v.
template <class T>
struct DensityFunctions {
  using Rows = DensityRows<T>;
  using Range = DensityRange<T>;
  using Adjoint = DensityAdjoint<T>;

  /// z = m + exp(v/2) e; out = constant - 1/2 sum(e^2 + v).
  void (*normal_sample)(Range, Rows m, Rows v, Rows e, T constant, T* z, T* out);
  /// dv (+)= dz e exp(v/2) / 2 - c / 2; dz or c may be null.
  void (*normal_sample_log_variance)(Range, Rows v, Rows e, const T* dz, const T* c, Adjoint dv);
  /// out = constant - 1/2 sum((z - m)^2 exp(-v) + v)
  void (*normal)(Range, Rows z, Rows m, Rows v, T constant, T* out);
  /// to (+)= sign c (z - m) exp(-v): the gradient of m, and with sign -1 that of z.
  void (*normal_mean)(Range, Rows z, Rows m, Rows v, T sign, const T* c, Adjoint to);
  /// dv (+)= c ((z - m)^2 exp(-v) - 1) / 2
  void (*normal_log_variance)(Range, Rows z, Rows m, Rows v, const T* c, Adjoint dv);
  /// out = constant - 1/2 sum(z^2)
  void (*standard_normal)(Range, Rows z, T constant, T* out);
  /// y (+)= sign c x; c null is 1.
  void (*scaled)(Range, Rows x, T sign, const T* c, Adjoint y);
  /// out = 1/2 sum(exp(v) + m^2 - 1 - v)
  void (*kl_standard)(Range, Rows m, Rows v, T* out);
  /// dv (+)= c (exp(v) - 1) / 2
  void (*kl_standard_log_variance)(Range, Rows v, const T* c, Adjoint dv);
  /// out = 1/2 sum(exp(vq - vp) + (mq - mp)^2 exp(-vp) - 1 + vp - vq)
  void (*kl)(Range, Rows mq, Rows vq, Rows mp, Rows vp, T* out);
  /// dvp (+)= c (1 - exp(vq - vp) - (mq - mp)^2 exp(-vp)) / 2
  void (*kl_prior_log_variance)(Range, Rows mq, Rows vq, Rows mp, Rows vp, const T* c, Adjoint dvp);
  /// dvq (+)= c (exp(vq - vp) - 1) / 2
  void (*kl_log_variance)(Range, Rows vq, Rows vp, const T* c, Adjoint dvq);
  /// out = sum(x l - softplus(l))
  void (*bernoulli)(Range, Rows l, Rows x, T* out);
  /// dl (+)= c (x - sigmoid(l))
  void (*bernoulli_logits)(Range, Rows l, Rows x, const T* c, Adjoint dl);
};

struct DensityKernels {
  DensityFunctions<float> f32;
  DensityFunctions<double> f64;
};

}  // namespace nelbo::kernels
