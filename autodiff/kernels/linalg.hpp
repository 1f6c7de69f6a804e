#pragma once
#include <cstddef>

namespace nelbo::kernels {

/// Factorisations of one row-major matrix [n, n].
template <class T>
struct LinalgFunctions {
  /// The lower triangular l with l l' = a (lower triangle read), zeros above; NaN if there is none.
  void (*cholesky)(const T* a, T* l, std::size_t n);
  /// da = the symmetric gradient of a from that of l (lower triangle read); `work` holds n * n.
  void (*cholesky_backward)(const T* l, const T* dl, T* da, T* work, std::size_t n);
  /// x [n, k] = l^-1 b, or l'^-1 b.
  void (*solve)(const T* l, const T* b, T* x, std::size_t n, std::size_t k, bool transposed);
};

struct LinalgKernels {
  LinalgFunctions<float> f32;
  LinalgFunctions<double> f64;
};

}  // namespace nelbo::kernels
