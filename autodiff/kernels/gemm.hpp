#pragma once
#include <cstddef>

#include "autodiff/activation.hpp"

namespace nelbo::kernels {

/// An operand: element (i, j) lies at data[i * row_stride + j * col_stride].
template <class T>
struct GemmView {
  const T* data;
  std::ptrdiff_t row_stride;
  std::ptrdiff_t col_stride;
};

/// How C [m, n] = A [m, k] B [k, n] is cut. Everything follows from m, n, k and the ISA's tile.
///
/// The m rows are split evenly into `tiles` of at most max_rows, tile t being rows
/// t m / tiles ... (t + 1) m / tiles. k is split the same way into `blocks`. Columns are cut into
/// panels of `panel` columns; the last columns into narrower ones.
struct GemmCut {
  std::size_t m, n, k;
  std::size_t tiles, blocks;
};

/// A range of row tiles of A, columns of B, or blocks of k.
struct GemmRange {
  std::size_t begin, end;
};

/// One piece of C: row tiles x columns, summed over blocks of k.
template <class T>
struct GemmPiece {
  GemmCut cut;
  GemmRange tiles;    // rows of the piece
  GemmRange columns;  // begins at a panel
  GemmRange blocks;   // of k, all present in the packed operands
  /// Packed operands hold the blocks from blocks.begin on. packed_a is null where A is read as it
  /// is; of B, columns before packed_from are.
  T* packed_a;
  T* packed_b;
  std::size_t packed_from;
  GemmView<T> a, b;
  T* c;
  std::ptrdiff_t ldc;
  bool accumulate;  // C += A B
  const T* bias;    // [n] or null
  Activation activation;
};

template <class T>
struct GemmTable {
  std::size_t tile_rows;  // rows of a tile at most
  std::size_t panel;      // columns of a panel
  std::size_t block;      // length of a block of k at most
  std::size_t a_stride;   // packed A: elements per step of k of one tile
  /// How many of n columns, from the first, fill the registers of their panels: B can be read in
  /// place there.
  std::size_t (*whole_columns)(std::size_t n);
  /// Packs row tiles for some blocks of k. `packed` is the buffer of all tiles, blocks from
  /// blocks.begin on.
  void (*pack_a)(const GemmView<T>&, const GemmCut&, GemmRange tiles, GemmRange blocks, T* packed);
  /// Packs columns, beginning at a panel; `packed` is the buffer of all columns from `from` on.
  void (*pack_b)(const GemmView<T>&, const GemmCut&, GemmRange columns, GemmRange blocks,
                 std::size_t from, T* packed);
  /// Computes a piece of C.
  void (*multiply)(const GemmPiece<T>&);
};

struct GemmKernels {
  GemmTable<float> f32;
  GemmTable<double> f64;
};

}  // namespace nelbo::kernels
