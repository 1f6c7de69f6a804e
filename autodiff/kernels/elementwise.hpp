#pragma once
#include <cstddef>

namespace nelbo::kernels {

/// y = f(x) and dx (+)= dy f'(x) over n consecutive elements. `parameters` may be null where f has
/// none.
template <class T>
struct UnaryFunctions {
  void (*value)(const double* parameters, std::size_t n, const T* x, T* y);
  void (*vjp)(const double* parameters, std::size_t n, const T* x, const T* y, const T* dy, T* dx,
              bool add);
};

/// Operands of one row: operand k at element i is data[k][i * step[k]], and step[k] is 0 (one
/// number repeated) or 1.
template <class T>
struct Operands {
  const T* data[3];
  std::size_t step[3];
};

/// y = f(a, b) or f(a, b, c) over a row of n elements, and vjp[k]: the adjoint of operand k. Where
/// the operand's step is 0 the row's sum is added to dx[0] whatever `add` says. vjp[k] is null
/// where operand k has no derivative.
template <class T>
struct RowFunctions {
  void (*value)(const Operands<T>&, std::size_t n, T* y);
  void (*vjp[3])(const Operands<T>&, std::size_t n, const T* y, const T* dy, T* dx, bool add);
};

struct UnaryKernel {
  UnaryFunctions<float> f32;
  UnaryFunctions<double> f64;
};

struct RowKernel {
  RowFunctions<float> f32;
  RowFunctions<double> f64;
};

/// One kernel per line of autodiff/elementwise.def.
struct ElementwiseKernels {
#define NELBO_UNARY(name, rules) UnaryKernel name;
#define NELBO_UNARY_PARAMETER(name, rules, p) UnaryKernel name;
#define NELBO_UNARY_PARAMETERS(name, rules, p, q) UnaryKernel name;
#define NELBO_BINARY(name, rules) RowKernel name;
#define NELBO_COMPARISON(name, rules) RowKernel name;
#define NELBO_TERNARY(name, rules) RowKernel name;
#include "autodiff/elementwise.def"
};

}  // namespace nelbo::kernels
