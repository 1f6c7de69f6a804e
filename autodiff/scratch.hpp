#pragma once
#include <cstddef>

namespace nelbo {

/// What a buffer of working memory is for: one thread has one buffer for each purpose, so that an
/// operator can use several at once.
enum class Scratch {
  weights,
  patches,
  rows,
  partial_sums,
  packed_operands,  // of a matrix product
  slice_sums,
  packed_columns,  // of a sparse product
  code_noise,
  sobol_words,
  sobol_halves,
  sobol_directions,
  count
};

/// 64-byte aligned, uninitialised memory of this thread, valid until its next call for the same
/// purpose. It grows and is kept, so that a training step allocates nothing once it has run.
void* scratch(Scratch purpose, std::size_t bytes);

template <class T>
T* scratch_array(Scratch purpose, std::size_t n) {
  return static_cast<T*>(scratch(purpose, n * sizeof(T)));
}

}  // namespace nelbo
