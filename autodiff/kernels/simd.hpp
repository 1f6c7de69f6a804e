#pragma once
// The one narrow border to xsimd: names that hold for xsimd 8.1 (Debian 12) to 14. Included by
// *.isa.cpp only.
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <xsimd/xsimd.hpp>

#ifndef NELBO_ISA
#error "simd.hpp belongs into *.isa.cpp, which are compiled once per ISA"
#endif

namespace nelbo::kernels::NELBO_ISA {
namespace {

#if defined(NELBO_ISA_avx512)
using Arch = xsimd::avx512bw;
#elif defined(NELBO_ISA_avx2)
using Arch = xsimd::fma3<xsimd::avx2>;
#elif defined(NELBO_ISA_sse2)
using Arch = xsimd::sse2;
#else
using Arch = xsimd::default_arch;
#endif

/// A register of T: 4, 8 or 16 floats; 2, 4 or 8 doubles.
template <class T>
using Batch = xsimd::batch<T, Arch>;

template <class T>
inline constexpr std::size_t lanes = Batch<T>::size;

template <class B>
auto reduce_add(const B& b) {
#if XSIMD_VERSION_MAJOR >= 9
  return xsimd::reduce_add(b);
#else
  return xsimd::hadd(b);
#endif
}

template <class To, class T>
auto bitwise_cast(const Batch<T>& b) {
#if XSIMD_VERSION_MAJOR >= 11
  return xsimd::bitwise_cast<To>(b);
#else
  return xsimd::bitwise_cast<Batch<To> >(b);
#endif
}

/// Stores a register to memory past the caches; `to` lies at a multiple of its size. Who does it ends with
/// fence_streams(), so that other threads see all of it.
template <class T>
void stream_store(T* to, const Batch<T>& b) {
#if defined(NELBO_ISA_avx512)
  if constexpr (sizeof(T) == 4) {
    _mm512_stream_ps(to, b);
  } else {
    _mm512_stream_pd(to, b);
  }
#elif defined(NELBO_ISA_avx2)
  if constexpr (sizeof(T) == 4) {
    _mm256_stream_ps(to, b);
  } else {
    _mm256_stream_pd(to, b);
  }
#elif defined(NELBO_ISA_sse2)
  if constexpr (sizeof(T) == 4) {
    _mm_stream_ps(to, b);
  } else {
    _mm_stream_pd(to, b);
  }
#else
  b.store_aligned(to);
#endif
}

inline void fence_streams() {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

}  // namespace
}  // namespace nelbo::kernels::NELBO_ISA
