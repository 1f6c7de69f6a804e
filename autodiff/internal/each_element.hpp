#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "autodiff/internal/partition.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {

inline constexpr std::int64_t chunk_size = 64;  // elements that cost up to 0.1 ms

/// body(first, last) for all chunks of functions that are computed one by one, in parallel.
template <class Body>
void for_each_chunk(std::int64_t size, Body&& body) {
  parallel_for(std::size_t(divide_up(size, chunk_size)), [&](std::size_t chunk) {
    const std::int64_t first = std::int64_t(chunk) * chunk_size;
    body(first, std::min(first + chunk_size, size));
  });
}

/// body(i) for all elements.
template <class Body>
void for_each_element(std::int64_t size, Body&& body) {
  for_each_chunk(size, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) body(i);
  });
}

}  // namespace nelbo
