#include "autodiff/kernels/density.hpp"

#include "autodiff/kernels/math.hpp"
#include "autodiff/kernels/partial.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

/// sum of term(i, count) over registers, `count` numbers from i on; the lanes beyond n hold zeros
/// and must contribute 0.
template <class T, class F>
T sum_registers(std::size_t n, F term) {
  constexpr std::size_t w = lanes<T>;
  Batch<T> even(0), odd(0);
  std::size_t i = 0;
  for (; i + 2 * w <= n; i += 2 * w) {
    even = even + term(i, w);
    odd = odd + term(i + w, w);
  }
  if (i + w <= n) {
    even = even + term(i, w);
    i += w;
  }
  if (i < n) odd = odd + term(i, n - i);
  return reduce_add(even + odd);
}

/// to (+)= value(i, count).
template <class T, class F>
void write_registers(T* to, std::size_t n, bool add, F value) {
  constexpr std::size_t w = lanes<T>;
  std::size_t i = 0;
  for (; i + w <= n; i += w) accumulate(to + i, w, value(i, w), add);
  if (i < n) accumulate(to + i, n - i, value(i, n - i), add);
}

template <class T>
T normal_sample(const T* m, const T* v, const T* e, T* z, std::size_t n) {
  const Batch<T> half(T(0.5));
  return T(-0.5) * sum_registers<T>(n, [&](std::size_t i, std::size_t c) {
           const Batch<T> log_variance = load(v + i, c), noise = load(e + i, c);
           store(z + i, c, fma(exp(half * log_variance), noise, load(m + i, c)));
           return fma(noise, noise, log_variance);
         });
}

template <class T>
void normal_sample_log_variance(const T* v, const T* e, const T* dz, T dlog, T* dv, std::size_t n,
                                bool add) {
  const Batch<T> half(T(0.5)), constant(T(-0.5) * dlog);
  write_registers<T>(dv, n, add, [&](std::size_t i, std::size_t c) {
    if (dz == nullptr) return constant;
    return fma(load(dz + i, c) * load(e + i, c), half * exp(half * load(v + i, c)), constant);
  });
}

template <class T>
T normal(const T* z, const T* m, const T* v, std::size_t n) {
  return T(-0.5) * sum_registers<T>(n, [&](std::size_t i, std::size_t c) {
           const Batch<T> d = load(z + i, c) - load(m + i, c), log_variance = load(v + i, c);
           return fma(d * d, exp(-log_variance), log_variance);
         });
}

template <class T>
void normal_mean(const T* z, const T* m, const T* v, T c, T* to, std::size_t n, bool add) {
  const Batch<T> factor(c);
  write_registers<T>(to, n, add, [&](std::size_t i, std::size_t k) {
    return factor * (load(z + i, k) - load(m + i, k)) * exp(-load(v + i, k));
  });
}

template <class T>
void normal_log_variance(const T* z, const T* m, const T* v, T c, T* dv, std::size_t n, bool add) {
  const Batch<T> half(T(0.5) * c), one(1);
  write_registers<T>(dv, n, add, [&](std::size_t i, std::size_t k) {
    const Batch<T> d = load(z + i, k) - load(m + i, k);
    return half * (d * d * exp(-load(v + i, k)) - one);
  });
}

template <class T>
T standard_normal(const T* z, std::size_t n) {
  return T(-0.5) * sum_registers<T>(n, [&](std::size_t i, std::size_t c) {
           const Batch<T> x = load(z + i, c);
           return x * x;
         });
}

template <class T>
void scaled(const T* x, T c, T* y, std::size_t n, bool add) {
  const Batch<T> factor(c);
  write_registers<T>(y, n, add,
                     [&](std::size_t i, std::size_t k) { return factor * load(x + i, k); });
}

template <class T>
T kl_standard(const T* m, const T* v, std::size_t n) {
  return T(0.5) * sum_registers<T>(n, [&](std::size_t i, std::size_t c) {
           const Batch<T> mean = load(m + i, c), log_variance = load(v + i, c);
           return fma(mean, mean, expm1(log_variance) - log_variance);
         });
}

template <class T>
void kl_standard_log_variance(const T* v, T c, T* dv, std::size_t n, bool add) {
  const Batch<T> half(T(0.5) * c);
  write_registers<T>(dv, n, add,
                     [&](std::size_t i, std::size_t k) { return half * expm1(load(v + i, k)); });
}

template <class T>
T kl(const T* mq, const T* vq, const T* mp, const T* vp, std::size_t n) {
  return T(0.5) * sum_registers<T>(n, [&](std::size_t i, std::size_t c) {
           const Batch<T> d = load(mq + i, c) - load(mp + i, c), prior = load(vp + i, c);
           const Batch<T> ratio = load(vq + i, c) - prior;
           return fma(d * d, exp(-prior), expm1(ratio) - ratio);
         });
}

template <class T>
void kl_prior_log_variance(const T* mq, const T* vq, const T* mp, const T* vp, T c, T* dvp,
                           std::size_t n, bool add) {
  const Batch<T> half(T(-0.5) * c);
  write_registers<T>(dvp, n, add, [&](std::size_t i, std::size_t k) {
    const Batch<T> d = load(mq + i, k) - load(mp + i, k), prior = load(vp + i, k);
    return half * fma(d * d, exp(-prior), expm1(load(vq + i, k) - prior));
  });
}

template <class T>
void kl_log_variance(const T* vq, const T* vp, T c, T* dvq, std::size_t n, bool add) {
  const Batch<T> half(T(0.5) * c);
  write_registers<T>(dvq, n, add, [&](std::size_t i, std::size_t k) {
    return half * expm1(load(vq + i, k) - load(vp + i, k));
  });
}

/// x l - softplus(l) = x l - max(l, 0) - log(1 + exp(-|l|)). The last logarithms are one logarithm
/// of a product, taken before it can overflow: every factor is at most 2.
template <class T>
T bernoulli(const T* l, const T* x, std::size_t n) {
  constexpr std::size_t w = lanes<T>;
  constexpr std::size_t block = 64;  // registers to a product: at most 2^64
  const Batch<T> one(1), zero(0);
  Batch<T> linear(0), logs(0), product(1);
  std::size_t in_product = 0;
  for (std::size_t i = 0; i < n; i += w) {
    const std::size_t c = n - i < w ? n - i : w;
    const Batch<T> logit = load(l + i, c);
    linear = linear + (load(x + i, c) * logit - at_least(logit, 0));
    Batch<T> factor = one + exp_not_positive(-abs(logit));
    if (c < w) {  // the lanes beyond hold logit 0, whose factor is 2
      T lane[w];
      for (std::size_t j = 0; j < w; ++j) lane[j] = j < c ? T(1) : T(0);
      factor = select(Batch<T>::load_unaligned(lane) > zero, factor, one);
    }
    product = product * factor;
    if (++in_product == block) {
      logs = logs + log(product);
      product = one;
      in_product = 0;
    }
  }
  return reduce_add(linear - (logs + log(product)));
}

template <class T>
void bernoulli_logits(const T* l, const T* x, T c, T* dl, std::size_t n, bool add) {
  const Batch<T> factor(c);
  write_registers<T>(dl, n, add, [&](std::size_t i, std::size_t k) {
    return factor * (load(x + i, k) - sigmoid(load(l + i, k)));
  });
}

template <class T>
constexpr DensityFunctions<T> functions{normal_sample<T>,
                                        normal_sample_log_variance<T>,
                                        normal<T>,
                                        normal_mean<T>,
                                        normal_log_variance<T>,
                                        standard_normal<T>,
                                        scaled<T>,
                                        kl_standard<T>,
                                        kl_standard_log_variance<T>,
                                        kl<T>,
                                        kl_prior_log_variance<T>,
                                        kl_log_variance<T>,
                                        bernoulli<T>,
                                        bernoulli_logits<T>};

}  // namespace

extern const DensityKernels density_kernels;
const DensityKernels density_kernels{functions<float>, functions<double>};

}  // namespace nelbo::kernels::NELBO_ISA
