#pragma once
// Loads and stores of fewer numbers than a register holds, so that the ends of arrays run through
// the same vector code as the rest and a number's result does not depend on its position.
#if defined(__AVX__)
#include <immintrin.h>
#endif

#include "autodiff/kernels/simd.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

#if defined(__AVX512F__)

inline Batch<float> load_first(const float* p, std::size_t n) {
  return Batch<float>(_mm512_maskz_loadu_ps(__mmask16((1u << n) - 1), p));
}
inline Batch<double> load_first(const double* p, std::size_t n) {
  return Batch<double>(_mm512_maskz_loadu_pd(__mmask8((1u << n) - 1), p));
}
inline void store_first(float* p, std::size_t n, const Batch<float>& x) {
  _mm512_mask_storeu_ps(p, __mmask16((1u << n) - 1), x);
}
inline void store_first(double* p, std::size_t n, const Batch<double>& x) {
  _mm512_mask_storeu_pd(p, __mmask8((1u << n) - 1), x);
}

#elif defined(__AVX2__)

inline __m256i first_lanes(std::size_t n, const float*) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(int(n)), lane);
}
inline __m256i first_lanes(std::size_t n, const double*) {
  const __m256i lane = _mm256_setr_epi64x(0, 1, 2, 3);
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x(static_cast<long long>(n)), lane);
}
inline Batch<float> load_first(const float* p, std::size_t n) {
  return Batch<float>(_mm256_maskload_ps(p, first_lanes(n, p)));
}
inline Batch<double> load_first(const double* p, std::size_t n) {
  return Batch<double>(_mm256_maskload_pd(p, first_lanes(n, p)));
}
// By halves and not by a masked store, which AMD's processors run as a small program.
inline void store_first(float* p, std::size_t n, const Batch<float>& x) {
  __m128 rest = _mm256_castps256_ps128(x);
  if (n & 4) {
    _mm_storeu_ps(p, rest);
    rest = _mm256_extractf128_ps(x, 1);
    p += 4;
  }
  if (n & 2) {
    _mm_storel_pi(reinterpret_cast<__m64*>(p), rest);
    rest = _mm_movehl_ps(rest, rest);
    p += 2;
  }
  if (n & 1) _mm_store_ss(p, rest);
}
inline void store_first(double* p, std::size_t n, const Batch<double>& x) {
  __m128d rest = _mm256_castpd256_pd128(x);
  if (n & 2) {
    _mm_storeu_pd(p, rest);
    rest = _mm256_extractf128_pd(x, 1);
    p += 2;
  }
  if (n & 1) _mm_store_sd(p, rest);
}

#else

template <class T>
Batch<T> load_first(const T* p, std::size_t n) {
  T copy[lanes<T>] = {};
  for (std::size_t i = 0; i < n; ++i) copy[i] = p[i];
  return Batch<T>::load_unaligned(copy);
}
template <class T>
void store_first(T* p, std::size_t n, const Batch<T>& x) {
  T copy[lanes<T>];
  x.store_unaligned(copy);
  for (std::size_t i = 0; i < n; ++i) p[i] = copy[i];
}

#endif

/// The numbers p[i] ... of a whole register, or of the last n < lanes of an array (zeros beyond).
template <class T>
Batch<T> load(const T* p, std::size_t n) {
  return n >= lanes<T> ? Batch<T>::load_unaligned(p) : load_first(p, n);
}

template <class T>
void store(T* p, std::size_t n, const Batch<T>& x) {
  if (n >= lanes<T>) {
    x.store_unaligned(p);
  } else {
    store_first(p, n, x);
  }
}

/// p[i] = x, or p[i] += x.
template <class T>
void accumulate(T* p, std::size_t n, const Batch<T>& x, bool add) {
  store(p, n, add ? load(p, n) + x : x);
}

}  // namespace
}  // namespace nelbo::kernels::NELBO_ISA
