#pragma once
#include <cstdint>
#include <vector>

#include "autodiff/tape.hpp"
#include "models/of_recording.hpp"

namespace nelbo {

/// A batch of B rows that is computed in P parts, one recording each: where one stands, and what it needs
/// of the others. A value of the whole batch is made of the rows of all parts; gradients pass to the
/// part's own rows alone, since every part records the same whole and differentiates its own:
///
///   gradient of the batch = sum over parts p of B_p / B times the gradient of part p's cost,
///
/// where a part's cost holds means over its B_p rows as they are. What is of the whole batch therefore
/// gives own rows B / B_p times their derivative.
class BatchPart {
 public:
  /// Part number `index` of parts of these sizes, P >= 1. Throws Error for a size below 1.
  BatchPart(std::vector<std::int64_t> sizes, std::size_t index);

  /// Parts of B rows: part p begins at row floor(p B / P). Throws Error where B < P.
  static std::vector<std::int64_t> sizes_of(std::int64_t rows, std::int64_t parts);

  std::size_t index() const { return index_; }
  std::size_t count() const { return sizes_.size(); }
  std::int64_t rows() const { return sizes_[index_]; }  // B_p
  std::int64_t first_row() const { return firsts_[index_]; }
  std::int64_t whole_rows() const { return firsts_.back() + sizes_.back(); }  // B
  /// B_p / B.
  double weight() const { return double(rows()) / double(whole_rows()); }

  /// What is to be exchanged at a pause of the tape: every part's `own`, laid end to end in `all`.
  struct Exchange {
    Var own;                         // computed before the pause
    Tensor all;                      // [elements of all parts]: to be filled after it
    std::vector<std::int64_t> ends;  // of each part's block in `all`, elements
    std::size_t pause;               // of Tape::pause_after

    std::size_t bytes_of(std::size_t part) const;  // of its block
  };
  /// In the order of recording, the same in all parts.
  const std::vector<Exchange>& exchanges() const { return exchanges_; }

  /// While it lives, what this thread records on a tape is of this part.
  using Use = OfRecording<BatchPart>;
  /// That of the tape that is being recorded; null where the batch is whole.
  static BatchPart* current() { return Use::current(); }

 private:
  friend Var of_whole_batch(Var x, int axis);
  friend Var mean_over_parts(Var x);
  Var exchanged(Var x, std::int64_t outer, std::int64_t inner);

  std::vector<std::int64_t> sizes_, firsts_;
  std::size_t index_;
  std::vector<Exchange> exchanges_;
};

/// Rows of the batch along an axis, [.., B_p, ..]: those of the whole batch, [.., B, ..]. Itself where the
/// recording is of a whole batch.
Var of_whole_batch(Var x, int axis);
/// Of a mean over the part's rows, of any shape: the mean over the whole batch's, the same shape.
Var mean_over_parts(Var x);
/// B, of a recording that has `rows` rows of it.
std::int64_t whole_batch(std::int64_t rows);

}  // namespace nelbo
