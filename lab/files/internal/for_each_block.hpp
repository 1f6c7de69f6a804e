#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

namespace nelbo {

/// Calls body(bytes) for every whole block of a hash's input, which comes in pieces of any size. What fills
/// no block yet waits in the first `waiting` bytes of `pending`.
template <std::size_t N, class Body>
void for_each_block(const void* data, std::size_t size, std::array<unsigned char, N>& pending,
                    std::size_t& waiting, Body&& body) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  while (size > 0) {
    if (waiting == 0 && size >= N) {
      body(bytes);
      bytes += N;
      size -= N;
      continue;
    }
    const std::size_t part = std::min(size, N - waiting);
    std::memcpy(pending.data() + waiting, bytes, part);
    waiting += part;
    bytes += part;
    size -= part;
    if (waiting == N) {
      body(pending.data());
      waiting = 0;
    }
  }
}

}  // namespace nelbo
