#pragma once
#include <cstddef>
#include <cstdint>

namespace nelbo::kernels {

/// The addresses of a fill [S, B, D], as kernels see them. A row is one (draw, datum); it takes
/// (D + 3) / 4 Philox blocks, and blocks are numbered through all rows: block i belongs to row
/// i / blocks_per_row. Ranges of blocks can be filled in any order and give the same numbers.
struct RandomFill {
  std::uint32_t key[2];
  std::uint32_t step;          // counter word 3
  std::uint32_t first_draw;    // counter word 1 of row 0
  const std::uint32_t* datum;  // counter word 2 by batch index, or null
  std::uint32_t first_datum;   // counter word 2 is first_datum + b where datum is null
  std::size_t batch;           // B
  std::size_t dimensions;      // D
  std::size_t blocks_per_row;  // (D + 3) / 4
};

/// Where the probabilities of a row lie: row (s, b) starts at (rows ? rows[b] : b) * D + s *
/// draw_stride.
struct RandomSource {
  const std::uint32_t* rows;
  std::size_t draw_stride;  // B * D, or 0 if all draws share them
};

/// Fills the numbers of blocks first .. last - 1 of the whole output `out` [S, B, D].
template <class T>
using RandomFiller = void (*)(const RandomFill&, std::size_t first, std::size_t last, T* out);
/// The same from one S per number.
template <class T, class S>
using RandomFillerFrom = void (*)(const RandomFill&, const RandomSource&, const S* source,
                                  std::size_t first, std::size_t last, T* out);

template <class T>
struct RandomFunctions {
  RandomFiller<T> uniform;
  RandomFiller<T> normal;
  RandomFillerFrom<T, T> bernoulli;  // from probabilities
  RandomFillerFrom<T, std::uint8_t> pixels;
};

struct RandomKernels {
  RandomFiller<std::uint32_t> bits;
  RandomFunctions<float> f32;
  RandomFunctions<double> f64;
};

}  // namespace nelbo::kernels
