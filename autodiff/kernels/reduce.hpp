#pragma once
#include <cstddef>

namespace nelbo::kernels {

/// Numbers [rows, width], row r starting at r * stride; stride 1 (and width 1) is one run of
/// numbers.
struct Slab {
  std::size_t rows, width, stride;
};

/// Reductions of a slab over its rows, and what spreads them back; columns are independent. The
/// order of summation depends on the slab alone.
template <class T>
struct ReduceFunctions {
  // out [width]
  void (*sum)(Slab slab, const T* x, T* out);
  void (*max)(Slab slab, const T* x, T* out);
  /// Sum of exp(x - shift [width]), where a number equal to its shift counts 1 (infinities too).
  void (*exp_sum)(Slab slab, const T* x, const T* shift, T* out);
  /// Sum of (x - shift [width])^2.
  void (*square_sum)(Slab slab, const T* x, const T* shift, T* out);
  /// How many x are equal to y [width].
  void (*count_equal)(Slab slab, const T* x, const T* y, T* out);
  /// Sum of x z.
  void (*dot)(Slab slab, const T* x, const T* z, T* out);

  // to [rows, width] with the slab's stride, stored or added; c, m [width]
  /// to (+)= c
  void (*spread)(Slab slab, const T* c, T* to, bool add);
  /// to (+)= c where x = m, else 0
  void (*spread_equal)(Slab slab, const T* x, const T* m, const T* c, T* to, bool add);
  /// to (+)= c exp(x - m), where x = m counts as exp(0)
  void (*spread_exp)(Slab slab, const T* x, const T* m, const T* c, T* to, bool add);
  /// to (+)= c (x - m)
  void (*spread_difference)(Slab slab, const T* x, const T* m, const T* c, T* to, bool add);
  /// to = (x - m) - c
  void (*subtract)(Slab slab, const T* x, const T* m, const T* c, T* to);
  /// to (+)= y (dy - c)
  void (*softmax_vjp)(Slab slab, const T* y, const T* dy, const T* c, T* to, bool add);
  /// to (+)= dy - exp(y) c
  void (*log_softmax_vjp)(Slab slab, const T* y, const T* dy, const T* c, T* to, bool add);
};

struct ReduceKernels {
  ReduceFunctions<float> f32;
  ReduceFunctions<double> f64;
};

}  // namespace nelbo::kernels
