#pragma once
#include <cstddef>
#include <span>
#include <vector>

namespace nelbo {

/// When a buffer is needed: from the step that fills it to the last that reads it.
struct Lifetime {
  std::size_t first = 0, last = 0;
  std::size_t bytes = 0;
};

/// Where each buffer lies in one block of memory.
struct BufferPlan {
  std::vector<std::size_t> offsets;  // bytes, multiples of 64
  std::size_t bytes = 0;             // of the block
};

/// Interval colouring, first fit in the order of first steps: buffers that are needed at the same step
/// share no byte, others may.
BufferPlan plan_buffers(std::span<const Lifetime> lives);

}  // namespace nelbo
