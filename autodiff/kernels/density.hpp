#pragma once
#include <cstddef>

namespace nelbo::kernels {

/// Log-densities of one row of D numbers, and their gradients. Adjoint rows are added to where
/// `add`, else stored. Normal distributions are given by mean m and log-variance v.
template <class T>
struct DensityFunctions {
  /// z = m + exp(v/2) e; returns -1/2 sum(e^2 + v).
  T (*normal_sample)(const T* m, const T* v, const T* e, T* z, std::size_t n);
  /// dv (+)= dz e exp(v/2) / 2 - dlog / 2; dz may be null.
  void (*normal_sample_log_variance)(const T* v, const T* e, const T* dz, T dlog, T* dv,
                                     std::size_t n, bool add);
  /// -1/2 sum((z - m)^2 exp(-v) + v)
  T (*normal)(const T* z, const T* m, const T* v, std::size_t n);
  /// to (+)= c (z - m) exp(-v): the gradient of m, and with -c that of z.
  void (*normal_mean)(const T* z, const T* m, const T* v, T c, T* to, std::size_t n, bool add);
  /// dv (+)= c ((z - m)^2 exp(-v) - 1) / 2
  void (*normal_log_variance)(const T* z, const T* m, const T* v, T c, T* dv, std::size_t n,
                              bool add);
  /// -1/2 sum(z^2)
  T (*standard_normal)(const T* z, std::size_t n);
  /// y (+)= c x
  void (*scaled)(const T* x, T c, T* y, std::size_t n, bool add);
  /// 1/2 sum(exp(v) + m^2 - 1 - v)
  T (*kl_standard)(const T* m, const T* v, std::size_t n);
  /// dv (+)= c (exp(v) - 1) / 2
  void (*kl_standard_log_variance)(const T* v, T c, T* dv, std::size_t n, bool add);
  /// 1/2 sum(exp(vq - vp) + (mq - mp)^2 exp(-vp) - 1 + vp - vq)
  T (*kl)(const T* mq, const T* vq, const T* mp, const T* vp, std::size_t n);
  /// dvp (+)= c (1 - exp(vq - vp) - (mq - mp)^2 exp(-vp)) / 2
  void (*kl_prior_log_variance)(const T* mq, const T* vq, const T* mp, const T* vp, T c, T* dvp,
                                std::size_t n, bool add);
  /// dvq (+)= c (exp(vq - vp) - 1) / 2
  void (*kl_log_variance)(const T* vq, const T* vp, T c, T* dvq, std::size_t n, bool add);
  /// sum(x l - softplus(l))
  T (*bernoulli)(const T* l, const T* x, std::size_t n);
  /// dl (+)= c (x - sigmoid(l))
  void (*bernoulli_logits)(const T* l, const T* x, T c, T* dl, std::size_t n, bool add);
};

struct DensityKernels {
  DensityFunctions<float> f32;
  DensityFunctions<double> f64;
};

}  // namespace nelbo::kernels
