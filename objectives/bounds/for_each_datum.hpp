#pragma once
#include <algorithm>
#include <cstdint>

#include "autodiff/threads.hpp"

namespace nelbo {

/// Calls body(b) for the data of a batch, in chunks of about 1,024 samples that may run on several
/// threads.
template <class F>
void for_each_datum(std::int64_t batch, std::int64_t samples, F&& body) {
  const std::int64_t block = std::max<std::int64_t>(1, 1024 / std::max<std::int64_t>(1, samples));
  parallel_for(std::size_t((batch + block - 1) / block), [&](std::size_t chunk) {
    const std::int64_t end = std::min<std::int64_t>(batch, std::int64_t(chunk + 1) * block);
    for (std::int64_t b = std::int64_t(chunk) * block; b < end; ++b) body(b);
  });
}

}  // namespace nelbo
