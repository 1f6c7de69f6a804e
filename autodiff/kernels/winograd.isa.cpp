#include "autodiff/kernels/winograd.hpp"

#include "autodiff/kernels/activate.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

template <class T>
void differences(const T* const* pixels, std::size_t channels, T* out, std::ptrdiff_t step) {
  using V = Batch<T>;
  for (std::size_t c = 0; c < channels; c += V::size, out += V::size) {
    V row[3][3];  // D x
#pragma GCC unroll 3
    for (int j = 0; j < 3; ++j) {
      const V middle = V::load_unaligned(pixels[3 + j] + c);
      row[0][j] = V::load_unaligned(pixels[j] + c) - middle;
      row[1][j] = middle;
      row[2][j] = V::load_unaligned(pixels[6 + j] + c) - middle;
    }
#pragma GCC unroll 3
    for (int i = 0; i < 3; ++i) {
      (row[i][0] - row[i][1]).store_unaligned(out + (3 * i) * step);
      row[i][1].store_unaligned(out + (3 * i + 1) * step);
      (row[i][2] - row[i][1]).store_unaligned(out + (3 * i + 2) * step);
    }
  }
}

template <class T>
void sums(const T* const* pixels, std::size_t channels, T* out, std::ptrdiff_t step) {
  using V = Batch<T>;
  for (std::size_t c = 0; c < channels; c += V::size, out += V::size) {
    V row[3][2];  // S y
#pragma GCC unroll 2
    for (int j = 0; j < 2; ++j) {
      row[0][j] = V::load_unaligned(pixels[j] + c);
      row[2][j] = V::load_unaligned(pixels[2 + j] + c);
      row[1][j] = row[0][j] + row[2][j];
    }
#pragma GCC unroll 3
    for (int i = 0; i < 3; ++i) {
      row[i][0].store_unaligned(out + (3 * i) * step);
      (row[i][0] + row[i][1]).store_unaligned(out + (3 * i + 1) * step);
      row[i][1].store_unaligned(out + (3 * i + 2) * step);
    }
  }
}

template <class T>
void collect(const T* products, std::ptrdiff_t step, std::size_t channels, T* const* pixels,
             const T* bias, Activation activation, bool add) {
  using V = Batch<T>;
  for (std::size_t c = 0; c < channels; c += V::size) {
    const auto product = [&](int i, int j) {
      return V::load_unaligned(products + (3 * i + j) * step + c);
    };
    V row[2][3];  // S' p
#pragma GCC unroll 3
    for (int j = 0; j < 3; ++j) {
      const V middle = product(1, j);
      row[0][j] = product(0, j) + middle;
      row[1][j] = middle + product(2, j);
    }
    const V start = bias != nullptr ? V::load_unaligned(bias + c) : V(T(0));
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {
#pragma GCC unroll 2
      for (int j = 0; j < 2; ++j) {
        if (T* to = pixels[2 * i + j]; to != nullptr) {
          V y = row[i][j] + row[i][j + 1] + start;
          if (add) y += V::load_unaligned(to + c);
          if (activation == Activation::relu) y = at_least(y, T(0));
          y.store_unaligned(to + c);
        }
      }
    }
  }
  if (activation == Activation::identity || activation == Activation::relu) return;
  T* inside[4];
  int count = 0;
  for (int i = 0; i < 4; ++i) {
    if (pixels[i] != nullptr) inside[count++] = pixels[i];
  }
  activate(activation, inside, count, channels);
}

template <class T>
constexpr WinogradTable<T> table() {
  return {differences<T>, sums<T>, collect<T>};
}

}  // namespace

extern const WinogradKernels winograd_kernels;
const WinogradKernels winograd_kernels = {table<float>(), table<double>()};

}  // namespace nelbo::kernels::NELBO_ISA
