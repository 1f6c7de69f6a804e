#pragma once
// The kernels of rows of D numbers (kernels/density.hpp) in chunks of rows.
#include <algorithm>
#include <cstdint>

#include "autodiff/internal/broadcast_loop.hpp"
#include "autodiff/internal/partition.hpp"
#include "autodiff/kernels/dispatch.hpp"
#include "autodiff/scratch.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {

template <class T>
const auto& density_functions() {
  return kernels_for<T>(active_kernels().density());
}

/// Calls body(range) for chunks of `count` rows, of about 16k numbers each; a row of n numbers
/// costs as much as `cost` numbers.
template <class T, class F>
void for_row_chunks(std::int64_t count, std::int64_t n, std::int64_t cost, F&& body) {
  const std::int64_t block =
      std::max<std::int64_t>(1, elements_per_chunk / std::max<std::int64_t>(1, cost));
  parallel_for(divide_up(count, block), [&](std::size_t chunk) {
    const std::int64_t first = chunk * block, last = std::min(count, first + block);
    body(kernels::DensityRange<T>{std::size_t(first), std::size_t(last), std::size_t(n),
                                  scratch_array<T>(Scratch::rows, std::size_t(n))});
  });
}

}  // namespace nelbo
