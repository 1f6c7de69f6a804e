#include "autodiff/kernels/density.hpp"

#include "autodiff/kernels/math.hpp"
#include "autodiff/kernels/partial.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

template <class T>
using Rows = DensityRows<T>;
template <class T>
using Range = DensityRange<T>;
template <class T>
using Adjoint = DensityAdjoint<T>;

// Rows of a result --------------------------------------------------------------------------------

/// What row r of the result reads of an operand with rows of n numbers.
template <class T>
const T* row_of(const Rows<T>& x, std::size_t r, std::size_t n) {
  if (x.count == 1) return x.data;
  return x.data + (r < x.count ? r : r % x.count) * n;
}

/// exp(factor x) of a row of x, computed anew only where the row is another than before.
template <class T>
class ExpRows {
 public:
  ExpRows(const Range<T>& range, const Rows<T>& x, T factor)
      : n_(range.n), x_(x), factor_(factor), buffer_(range.buffer) {}
  const T* operator()(std::size_t r) {
    const T* const row = row_of(x_, r, n_);
    if (row != held_) {
      held_ = row;
      constexpr std::size_t w = lanes<T>;
      for (std::size_t i = 0; i < n_; i += w) {
        const std::size_t c = n_ - i < w ? n_ - i : w;
        store(buffer_ + i, c, exp(Batch<T>(factor_) * load(row + i, c)));
      }
    }
    return buffer_;
  }

 private:
  std::size_t n_;
  Rows<T> x_;
  T factor_;
  T* buffer_;
  const T* held_ = nullptr;
};

/// Calls body(r) for rows first .. last - 1, those that read one row of `shared` together.
template <class T, class F>
void for_each_row(const Range<T>& range, const Rows<T>& shared, F body) {
  if (shared.count == 0) return;
  for (std::size_t k = range.first; k < range.last && k < range.first + shared.count; ++k) {
    for (std::size_t r = k; r < range.last; r += shared.count) body(r);
  }
}

/// By halves: the shortest way, and rows are short.
template <class T>
T sum_lanes(const Batch<T>& x) {
  return reduce_add(x);
}
#if defined(__AVX__)
inline float sum_lanes(__m256 x) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
#if defined(__AVX512F__)
inline float sum_lanes(const Batch<float>& x) {
  const __m512 all = x;
  return sum_lanes(_mm256_add_ps(_mm512_castps512_ps256(all), _mm512_extractf32x8_ps(all, 1)));
}
#else
inline float sum_lanes(const Batch<float>& x) { return sum_lanes(static_cast<__m256>(x)); }
#endif
#endif

// Loops over the registers of a row are inlined: a call costs a short row more than its numbers.

/// sum of term(i, count) over registers, `count` numbers from i on; the lanes beyond n hold zeros
/// and must contribute 0.
template <class T, class F>
[[gnu::always_inline]] inline T sum_registers(std::size_t n, F term) {
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
  return sum_lanes(even + odd);
}

// Rows of an adjoint ------------------------------------------------------------------------------

/// to (+)= value(i, count).
template <class T, class F>
[[gnu::always_inline]] inline void write_registers(T* to, std::size_t n, bool add, F value) {
  constexpr std::size_t w = lanes<T>;
  std::size_t i = 0;
  for (; i + w <= n; i += w) accumulate(to + i, w, value(i, w), add);
  if (i < n) accumulate(to + i, n - i, value(i, n - i), add);
}

/// Row r0 of the adjoint, which fits into R registers: they are written once.
template <std::size_t R, class T, class F>
void sum_short_rows(const Adjoint<T>& to, std::size_t r0, std::size_t n, F row) {
  constexpr std::size_t w = lanes<T>, last = (R - 1) * w;
  T* const target = to.data + r0 * n;
  Batch<T> sums[R];
  for (std::size_t j = 0; j < R; ++j) sums[j] = Batch<T>(0);
  if (to.add) {
    for (std::size_t j = 0; j + 1 < R; ++j) sums[j] = load(target + j * w, w);
    sums[R - 1] = load(target + last, n - last);
  }
  for (std::size_t r = r0; r < to.total; r += to.count) {
    const auto value = row(r);
    for (std::size_t j = 0; j + 1 < R; ++j) sums[j] = sums[j] + value(j * w, w);
    sums[R - 1] = sums[R - 1] + value(last, n - last);
  }
  for (std::size_t j = 0; j + 1 < R; ++j) store(target + j * w, w, sums[j]);
  store(target + last, n - last, sums[R - 1]);
}

/// Rows of an adjoint from row(r), which gives value(i, count) of row r of the result. Rows of the
/// result that read one row of `shared` follow each other where the order is free.
template <class T, class F>
void write_rows(const Range<T>& range, const Adjoint<T>& to, const Rows<T>& shared, F row) {
  const std::size_t n = range.n;
  if (to.total == to.count) {
    for_each_row(range, shared,
                 [&](std::size_t r) { write_registers(to.data + r * n, n, to.add, row(r)); });
    return;
  }
  for (std::size_t r0 = range.first; r0 < range.last; ++r0) {
    switch ((n + lanes<T> - 1) / lanes<T>) {
      case 1:
        sum_short_rows<1>(to, r0, n, row);
        break;
      case 2:
        sum_short_rows<2>(to, r0, n, row);
        break;
      case 3:
        sum_short_rows<3>(to, r0, n, row);
        break;
      default:
        for (std::size_t r = r0; r < to.total; r += to.count) {
          write_registers(to.data + r0 * n, n, to.add || r > r0, row(r));
        }
    }
  }
}

// Normal distributions ----------------------------------------------------------------------------

template <class T>
void normal_sample(Range<T> range, Rows<T> m, Rows<T> v, Rows<T> e, T constant, T* z, T* out) {
  const std::size_t n = range.n;
  ExpRows<T> deviations(range, v, T(0.5));
  for_each_row(range, v, [&](std::size_t r) {
    const T *mean = row_of(m, r, n), *log_variance = row_of(v, r, n), *noise = row_of(e, r, n);
    const T* const deviation = deviations(r);
    T* const to = z + r * n;
    out[r] = constant - T(0.5) * sum_registers<T>(n, [&](std::size_t i, std::size_t c) {
                          const Batch<T> x = load(noise + i, c);
                          store(to + i, c, fma(load(deviation + i, c), x, load(mean + i, c)));
                          return fma(x, x, load(log_variance + i, c));
                        });
  });
}

template <class T>
void normal_sample_log_variance(Range<T> range, Rows<T> v, Rows<T> e, const T* dz, const T* c,
                                Adjoint<T> dv) {
  const std::size_t n = range.n;
  const Batch<T> half(T(0.5));
  ExpRows<T> deviations(range, v, T(0.5));
  write_rows(range, dv, v, [&](std::size_t r) {
    const T *noise = row_of(e, r, n), *d = dz == nullptr ? nullptr : dz + r * n;
    const T* const deviation = dz == nullptr ? nullptr : deviations(r);
    const Batch<T> direct(c == nullptr ? T(0) : T(-0.5) * c[r]);
    return [=](std::size_t i, std::size_t k) {
      if (d == nullptr) return direct;
      return fma(load(d + i, k) * load(noise + i, k), half * load(deviation + i, k), direct);
    };
  });
}

template <class T>
void normal(Range<T> range, Rows<T> z, Rows<T> m, Rows<T> v, T constant, T* out) {
  const std::size_t n = range.n;
  ExpRows<T> precisions(range, v, T(-1));
  for_each_row(range, v, [&](std::size_t r) {
    const T *x = row_of(z, r, n), *mean = row_of(m, r, n), *log_variance = row_of(v, r, n);
    const T* const precision = precisions(r);
    out[r] = constant - T(0.5) * sum_registers<T>(n, [&](std::size_t i, std::size_t c) {
                          const Batch<T> d = load(x + i, c) - load(mean + i, c);
                          return fma(d * d, load(precision + i, c), load(log_variance + i, c));
                        });
  });
}

template <class T>
void normal_mean(Range<T> range, Rows<T> z, Rows<T> m, Rows<T> v, T sign, const T* c,
                 Adjoint<T> to) {
  const std::size_t n = range.n;
  ExpRows<T> precisions(range, v, T(-1));
  write_rows(range, to, v, [&](std::size_t r) {
    const T *x = row_of(z, r, n), *mean = row_of(m, r, n), *precision = precisions(r);
    const Batch<T> factor(sign * c[r]);
    return [=](std::size_t i, std::size_t k) {
      return factor * (load(x + i, k) - load(mean + i, k)) * load(precision + i, k);
    };
  });
}

template <class T>
void normal_log_variance(Range<T> range, Rows<T> z, Rows<T> m, Rows<T> v, const T* c,
                         Adjoint<T> dv) {
  const std::size_t n = range.n;
  const Batch<T> one(1);
  ExpRows<T> precisions(range, v, T(-1));
  write_rows(range, dv, v, [&](std::size_t r) {
    const T *x = row_of(z, r, n), *mean = row_of(m, r, n), *precision = precisions(r);
    const Batch<T> half(T(0.5) * c[r]);
    return [=](std::size_t i, std::size_t k) {
      const Batch<T> d = load(x + i, k) - load(mean + i, k);
      return half * (d * d * load(precision + i, k) - one);
    };
  });
}

template <class T>
void standard_normal(Range<T> range, Rows<T> z, T constant, T* out) {
  for (std::size_t r = range.first; r < range.last; ++r) {
    const T* const row = row_of(z, r, range.n);
    out[r] = constant - T(0.5) * sum_registers<T>(range.n, [&](std::size_t i, std::size_t c) {
                          const Batch<T> x = load(row + i, c);
                          return x * x;
                        });
  }
}

template <class T>
void scaled(Range<T> range, Rows<T> x, T sign, const T* c, Adjoint<T> y) {
  write_rows(range, y, x, [&](std::size_t r) {
    const T* const row = row_of(x, r, range.n);
    const Batch<T> factor(c == nullptr ? sign : sign * c[r]);
    return [=](std::size_t i, std::size_t k) { return factor * load(row + i, k); };
  });
}

// Divergences -------------------------------------------------------------------------------------

template <class T>
void kl_standard(Range<T> range, Rows<T> m, Rows<T> v, T* out) {
  const std::size_t n = range.n;
  for (std::size_t r = range.first; r < range.last; ++r) {
    const T *means = row_of(m, r, n), *log_variances = row_of(v, r, n);
    out[r] = T(0.5) * sum_registers<T>(n, [&](std::size_t i, std::size_t c) {
               const Batch<T> mean = load(means + i, c), log_variance = load(log_variances + i, c);
               return fma(mean, mean, expm1(log_variance) - log_variance);
             });
  }
}

template <class T>
void kl_standard_log_variance(Range<T> range, Rows<T> v, const T* c, Adjoint<T> dv) {
  write_rows(range, dv, v, [&](std::size_t r) {
    const T* const row = row_of(v, r, range.n);
    const Batch<T> half(T(0.5) * c[r]);
    return [=](std::size_t i, std::size_t k) { return half * expm1(load(row + i, k)); };
  });
}

template <class T>
void kl(Range<T> range, Rows<T> mq, Rows<T> vq, Rows<T> mp, Rows<T> vp, T* out) {
  const std::size_t n = range.n;
  for (std::size_t r = range.first; r < range.last; ++r) {
    const T *mean_q = row_of(mq, r, n), *log_variance_q = row_of(vq, r, n);
    const T *mean_p = row_of(mp, r, n), *log_variance_p = row_of(vp, r, n);
    out[r] = T(0.5) * sum_registers<T>(n, [&](std::size_t i, std::size_t c) {
               const Batch<T> d = load(mean_q + i, c) - load(mean_p + i, c);
               const Batch<T> prior = load(log_variance_p + i, c);
               const Batch<T> ratio = load(log_variance_q + i, c) - prior;
               return fma(d * d, exp(-prior), expm1(ratio) - ratio);
             });
  }
}

template <class T>
void kl_prior_log_variance(Range<T> range, Rows<T> mq, Rows<T> vq, Rows<T> mp, Rows<T> vp,
                           const T* c, Adjoint<T> dvp) {
  const std::size_t n = range.n;
  write_rows(range, dvp, vp, [&](std::size_t r) {
    const T *mean_q = row_of(mq, r, n), *log_variance_q = row_of(vq, r, n);
    const T *mean_p = row_of(mp, r, n), *log_variance_p = row_of(vp, r, n);
    const Batch<T> half(T(-0.5) * c[r]);
    return [=](std::size_t i, std::size_t k) {
      const Batch<T> d = load(mean_q + i, k) - load(mean_p + i, k);
      const Batch<T> prior = load(log_variance_p + i, k);
      return half * fma(d * d, exp(-prior), expm1(load(log_variance_q + i, k) - prior));
    };
  });
}

template <class T>
void kl_log_variance(Range<T> range, Rows<T> vq, Rows<T> vp, const T* c, Adjoint<T> dvq) {
  write_rows(range, dvq, vq, [&](std::size_t r) {
    const T *q = row_of(vq, r, range.n), *p = row_of(vp, r, range.n);
    const Batch<T> half(T(0.5) * c[r]);
    return
        [=](std::size_t i, std::size_t k) { return half * expm1(load(q + i, k) - load(p + i, k)); };
  });
}

// Bernoulli ---------------------------------------------------------------------------------------

/// x l - softplus(l) = x l - max(l, 0) - log(1 + exp(-|l|)). The last logarithms are one logarithm
/// of a product, taken before it can overflow: every factor is at most 2.
template <class T>
T bernoulli_row(const T* l, const T* x, std::size_t n) {
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
void bernoulli(Range<T> range, Rows<T> l, Rows<T> x, T* out) {
  for (std::size_t r = range.first; r < range.last; ++r) {
    out[r] = bernoulli_row(row_of(l, r, range.n), row_of(x, r, range.n), range.n);
  }
}

template <class T>
void bernoulli_logits(Range<T> range, Rows<T> l, Rows<T> x, const T* c, Adjoint<T> dl) {
  write_rows(range, dl, l, [&](std::size_t r) {
    const T *logits = row_of(l, r, range.n), *data = row_of(x, r, range.n);
    const Batch<T> factor(c[r]);
    return [=](std::size_t i, std::size_t k) {
      return factor * (load(data + i, k) - sigmoid(load(logits + i, k)));
    };
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
