#include "autodiff/kernels/activation.hpp"

#include "autodiff/kernels/math.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

/// y[i] = f(y[i], other[i]); tails go through a padded register, so that a number's result does not depend
/// on its position.
template <class T, class F>
void map(T* y, const T* other, std::size_t n, F f) {
  constexpr std::size_t w = lanes<T>;
  std::size_t i = 0;
  for (; i + w <= n; i += w) {
    f(Batch<T>::load_unaligned(y + i), Batch<T>::load_unaligned(other + i)).store_unaligned(y + i);
  }
  if (i < n) {
    T a[w] = {}, b[w] = {};
    for (std::size_t j = i; j < n; ++j) {
      a[j - i] = y[j];
      b[j - i] = other[j];
    }
    f(Batch<T>::load_unaligned(a), Batch<T>::load_unaligned(b)).store_unaligned(a);
    for (std::size_t j = i; j < n; ++j) y[j] = a[j - i];
  }
}

template <class T>
void apply(Activation activation, T* y, std::size_t n) {
  using V = Batch<T>;
  switch (activation) {
    case Activation::identity: return;
    case Activation::relu:
      // Written so that NaN passes.
      return map(y, y, n, [](V x, V) { return xsimd::select(x < V(0), V(0), x); });
    case Activation::tanh: return map(y, y, n, [](V x, V) { return tanh(x); });
    case Activation::sigmoid: return map(y, y, n, [](V x, V) { return sigmoid(x); });
    case Activation::softplus: return map(y, y, n, [](V x, V) { return softplus(x); });
    case Activation::elu: return map(y, y, n, [](V x, V) { return elu(x); });
    case Activation::silu: return map(y, y, n, [](V x, V) { return silu(x); });
    case Activation::gelu: return map(y, y, n, [](V x, V) { return gelu(x); });
  }
}

template <class T>
void backward(Activation activation, const T* y, T* dy, std::size_t n) {
  using V = Batch<T>;
  const V one(1);
  switch (activation) {
    case Activation::identity: return;
    case Activation::relu:
      return map(dy, y, n, [](V d, V v) { return xsimd::select(v > V(0), d, V(0)); });
    case Activation::tanh:
      return map(dy, y, n, [one](V d, V v) { return d * (one - v * v); });
    case Activation::sigmoid:
      return map(dy, y, n, [one](V d, V v) { return d * v * (one - v); });
    case Activation::softplus:  // sigmoid(x) = 1 - exp(-softplus(x))
      return map(dy, y, n, [](V d, V v) { return -d * expm1(-v); });
    case Activation::elu:
      return map(dy, y, n, [one](V d, V v) { return xsimd::select(v > V(0), d, d * (v + one)); });
    case Activation::silu:
    case Activation::gelu: return;  // do not follow from their value
  }
}

template <class T>
void column_sums(const T* x, std::size_t rows, std::size_t columns, T* sums) {
  constexpr std::size_t w = lanes<T>;
  std::size_t j = 0;
  for (; j + 4 * w <= columns; j += 4 * w) {
    Batch<T> s0(0), s1(0), s2(0), s3(0);
    for (std::size_t i = 0; i < rows; ++i) {
      const T* row = x + i * columns + j;
      s0 = s0 + Batch<T>::load_unaligned(row);
      s1 = s1 + Batch<T>::load_unaligned(row + w);
      s2 = s2 + Batch<T>::load_unaligned(row + 2 * w);
      s3 = s3 + Batch<T>::load_unaligned(row + 3 * w);
    }
    s0.store_unaligned(sums + j);
    s1.store_unaligned(sums + j + w);
    s2.store_unaligned(sums + j + 2 * w);
    s3.store_unaligned(sums + j + 3 * w);
  }
  for (; j < columns; ++j) {
    T sum = 0;
    for (std::size_t i = 0; i < rows; ++i) sum += x[i * columns + j];
    sums[j] = sum;
  }
}

}  // namespace

extern const ActivationKernels activation_kernels;
const ActivationKernels activation_kernels{
    {apply<float>, backward<float>, column_sums<float>},
    {apply<double>, backward<double>, column_sums<double>},
};

}  // namespace nelbo::kernels::NELBO_ISA
