#pragma once
#include <cstddef>

#include "autodiff/activation.hpp"

namespace nelbo::kernels {

template <class T>
struct ActivationFunctions {
  /// y[i] = activation(y[i])
  void (*apply)(Activation activation, T* y, std::size_t n);
  /// dy[i] *= activation'(x[i]), the derivative being a function of y[i] = activation(x[i])
  void (*backward)(Activation activation, const T* y, T* dy, std::size_t n);
  /// sums[j] = sum over i of x[i * columns + j]
  void (*column_sums)(const T* x, std::size_t rows, std::size_t columns, T* sums);
};

struct ActivationKernels {
  ActivationFunctions<float> f32;
  ActivationFunctions<double> f64;
};

}  // namespace nelbo::kernels
