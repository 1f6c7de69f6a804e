#pragma once
// One stage of a matrix product: how it is cut into jobs for threads.
#include <algorithm>
#include <cstddef>

#include "autodiff/internal/partition.hpp"
#include "autodiff/internal/two_phases.hpp"
#include "autodiff/kernels/gemm.hpp"

namespace nelbo::detail {

using kernels::GemmCut;
using kernels::GemmPiece;
using kernels::GemmRange;
using kernels::GemmTable;
using std::size_t;

constexpr GemmRange share(size_t size, size_t parts, size_t i) {
  return {part(size, parts, i), part(size, parts, i + 1)};
}

/// A part of C summed over some blocks of k, whose packed operands are in memory at once: first the
/// operands are packed, then pieces of C are computed. The jobs follow from the shape; who runs
/// them does not matter to the result.
template <class T>
class Stage {
 public:
  /// `whole` is the piece that covers the stage: all tiles, columns and the stage's blocks. Its
  /// packed operands are written first, where they are not null.
  Stage(const GemmTable<T>& kernel, const GemmPiece<T>& whole)
      : kernel_(kernel), whole_(whole), panels_(divide_up(whole.cut.n, kernel.panel)) {
    const GemmCut& cut = whole.cut;
    const size_t k =
        part(cut.k, cut.blocks, whole.blocks.end) - part(cut.k, cut.blocks, whole.blocks.begin);
    if (whole.packed_a != nullptr)
      a_jobs_ = std::min(cut.tiles, divide_up(cut.m * k, chunk_elements));
    const size_t packed = cut.n - whole.packed_from;
    b_jobs_ = std::min(divide_up(packed, kernel.panel), divide_up(packed * k, chunk_elements));
    cut_into_pieces(2.0 * static_cast<double>(std::max<size_t>(k, 1) * kernel.panel));
  }

  void run(bool serial) {
    run_two_phases(
        serial, a_jobs_ + b_jobs_, [this](size_t i) { pack(i); }, pieces(),
        [this](size_t i) { kernel_.multiply(piece(i)); });
  }

  /// What is computed of C at once, in the order of the second phase's chunks.
  size_t pieces() const { return row_pieces_ * column_pieces_; }
  GemmPiece<T> piece(size_t i) const {
    GemmPiece<T> piece = whole_;
    piece.tiles = share(whole_.cut.tiles, row_pieces_, i / column_pieces_);
    piece.columns = columns(share(panels_, column_pieces_, i % column_pieces_));
    return piece;
  }

 private:
  static constexpr size_t wanted_pieces = 16;  // for an even load
  static constexpr double piece_flops = 4e5;   // of one piece at least
  static constexpr size_t piece_rows = 168;    // at most: rows of A that fit the second-level cache

  /// A piece is one panel wide unless that is too little work, and up to piece_rows high.
  void cut_into_pieces(double flops_per_panel_row) {
    const double least_rows = piece_flops / flops_per_panel_row;
    const auto rows_cut = [&](size_t pieces) {
      return std::min(whole_homes(pieces), whole_.cut.tiles);
    };
    row_pieces_ = rows_cut(divide_up(whole_.cut.tiles, divide_up(piece_rows, kernel_.tile_rows)));
    column_pieces_ = panels_;
    const double rows = static_cast<double>(whole_.cut.m) / static_cast<double>(row_pieces_);
    if (rows < least_rows) {
      column_pieces_ = divide_up(panels_, static_cast<size_t>(least_rows / rows) + 1);
    } else if (row_pieces_ * column_pieces_ < wanted_pieces) {
      const size_t wanted = divide_up(wanted_pieces, column_pieces_);
      const size_t worthwhile = static_cast<size_t>(static_cast<double>(whole_.cut.m) / least_rows);
      row_pieces_ = rows_cut(
          std::max(row_pieces_, std::min({wanted, worthwhile, divide_up(whole_.cut.tiles, 2)})));
    }
  }

  void pack(size_t i) const {
    if (i < a_jobs_) {
      kernel_.pack_a(whole_.a, whole_.cut, share(whole_.cut.tiles, a_jobs_, i), whole_.blocks,
                     whole_.packed_a);
    } else {
      const size_t from = whole_.packed_from,
                   panels = divide_up(whole_.cut.n - from, kernel_.panel);
      const GemmRange job = share(panels, b_jobs_, i - a_jobs_);
      kernel_.pack_b(whole_.b, whole_.cut,
                     {from + job.begin * kernel_.panel,
                      std::min(from + job.end * kernel_.panel, whole_.cut.n)},
                     whole_.blocks, from, whole_.packed_b);
    }
  }

  GemmRange columns(GemmRange panels) const {
    return {panels.begin * kernel_.panel, std::min(panels.end * kernel_.panel, whole_.cut.n)};
  }

  const GemmTable<T>& kernel_;
  const GemmPiece<T> whole_;
  const size_t panels_;
  size_t a_jobs_ = 0, b_jobs_ = 0, row_pieces_ = 1, column_pieces_ = 1;
};

}  // namespace nelbo::detail
