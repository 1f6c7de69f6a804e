#include "autodiff/kernels/activation.hpp"

#include "autodiff/kernels/math.hpp"
#include "autodiff/kernels/partial.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

/// y[i] = f(y[i], other[i]); tails go through a padded register, so that a number's result does not
/// depend on its position.
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
    case Activation::identity:
      return;
    case Activation::relu:
      // Written so that NaN passes.
      return map(y, y, n, [](V x, V) { return xsimd::select(x < V(0), V(0), x); });
    case Activation::tanh:
      return map(y, y, n, [](V x, V) { return tanh(x); });
    case Activation::sigmoid:
      return map(y, y, n, [](V x, V) { return sigmoid(x); });
    case Activation::softplus:
      return map(y, y, n, [](V x, V) { return softplus(x); });
    case Activation::elu:
      return map(y, y, n, [](V x, V) { return elu(x); });
    case Activation::silu:
      return map(y, y, n, [](V x, V) { return silu(x); });
    case Activation::gelu:
      return map(y, y, n, [](V x, V) { return gelu(x); });
    case Activation::leaky_relu:
      return map(y, y, n, [](V x, V) { return xsimd::select(x > V(0), x, V(T(leaky_slope)) * x); });
  }
}

template <class T>
void backward(Activation activation, const T* y, T* dy, std::size_t n) {
  using V = Batch<T>;
  const V one(1);
  switch (activation) {
    case Activation::identity:
      return;
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
    case Activation::leaky_relu:
      return map(dy, y, n,
                 [](V d, V v) { return xsimd::select(v > V(0), d, V(T(leaky_slope)) * d); });
    case Activation::silu:
    case Activation::gelu:
      return;  // do not follow from their value
  }
}

/// Columns j ... of a block of `count` registers, the last holding `last` numbers; rows in pairs of
/// sums.
template <int count, class T>
void sum_block(const T* x, std::size_t rows, std::size_t columns, std::size_t last, T* sums) {
  constexpr std::size_t w = lanes<T>;
  Batch<T> even[count], odd[count];
  for (int c = 0; c < count; ++c) even[c] = odd[c] = Batch<T>(0);
  std::size_t i = 0;
  for (; i + 2 <= rows; i += 2, x += 2 * columns) {
    for (int c = 0; c < count; ++c) {
      const std::size_t n = c + 1 < count ? w : last;
      even[c] = even[c] + load(x + c * w, n);
      odd[c] = odd[c] + load(x + columns + c * w, n);
    }
  }
  for (int c = 0; c < count; ++c) {
    const std::size_t n = c + 1 < count ? w : last;
    if (i < rows) even[c] = even[c] + load(x + c * w, n);
    store(sums + c * w, n, even[c] + odd[c]);
  }
}

template <class T>
void column_sums(const T* x, std::size_t rows, std::size_t columns, T* sums) {
  constexpr std::size_t w = lanes<T>;
  std::size_t j = 0;
  for (; j + 4 * w <= columns; j += 4 * w) sum_block<4>(x + j, rows, columns, w, sums + j);
  for (; j + 2 * w <= columns; j += 2 * w) sum_block<2>(x + j, rows, columns, w, sums + j);
  for (; j < columns; j += w) {
    sum_block<1>(x + j, rows, columns, columns - j < w ? columns - j : w, sums + j);
  }
}

}  // namespace

extern const ActivationKernels activation_kernels;
const ActivationKernels activation_kernels{
    {apply<float>, backward<float>, column_sums<float>},
    {apply<double>, backward<double>, column_sums<double>},
};

}  // namespace nelbo::kernels::NELBO_ISA
