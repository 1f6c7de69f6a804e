#include "autodiff/internal/epilogue.hpp"

#include <algorithm>

#include "autodiff/internal/partition.hpp"
#include "autodiff/kernels/dispatch.hpp"
#include "autodiff/scratch.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

template <class T>
const auto& functions() {
  return kernels_for<T>(active_kernels().activation());
}

}  // namespace

template <class T>
void apply_activation(Activation activation, T* y, std::int64_t n) {
  functions<T>().apply(activation, y, n);
}

template <class T>
void epilogue_backward(Activation activation, const T* y, T* dy, std::int64_t rows,
                       std::int64_t columns, T* bias, bool add) {
  if (rows == 0 || columns == 0) {
    if (bias != nullptr && !add) std::fill_n(bias, columns, T{0});
    return;
  }
  const std::int64_t block = std::max<std::int64_t>(1, chunk_elements / columns);
  const std::int64_t chunks = divide_up(rows, block);
  T* sums = bias == nullptr ? nullptr : scratch_array<T>(Scratch::partial_sums, chunks * columns);
  parallel_for(chunks, [&](std::size_t chunk) {
    const std::int64_t first = chunk * block, count = std::min(block, rows - first);
    T* d = dy + first * columns;
    functions<T>().backward(activation, y + first * columns, d, count * columns);
    if (sums != nullptr) functions<T>().column_sums(d, count, columns, sums + chunk * columns);
  });
  if (bias == nullptr) return;
  for (std::int64_t j = 0; j < columns; ++j) {
    T sum = add ? bias[j] : T{0};
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) sum += sums[chunk * columns + j];
    bias[j] = sum;
  }
}

template void apply_activation<float>(Activation, float*, std::int64_t);
template void apply_activation<double>(Activation, double*, std::int64_t);
template void epilogue_backward<float>(Activation, const float*, float*, std::int64_t, std::int64_t,
                                       float*, bool);
template void epilogue_backward<double>(Activation, const double*, double*, std::int64_t,
                                        std::int64_t, double*, bool);

}  // namespace nelbo
