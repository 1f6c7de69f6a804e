#pragma once
#include <cstddef>
#include <cstdint>

#include "autodiff/gemm.hpp"

namespace nelbo {

/// Which entries of a matrix x [rows, columns] are not zero: binarised images are 87 to 95 % zeros,
/// and the first layer of a network is a third to half of its work.
///
/// Works in memory of the caller (a tape's arena), so that it is trivially destructible and can be
/// kept from a forward pass to the backward pass. x itself must stay alive and unchanged as long as
/// it is used. One thread at a time.
template <class T>
class SparseRows {
 public:
  /// Bytes, 64-byte aligned, that any x [rows, columns] needs.
  static std::size_t bytes(std::int64_t rows, std::int64_t columns);

  SparseRows(void* memory, std::int64_t rows, std::int64_t columns);

  /// Looks at row-major x; to be called before the products, and again when x has changed.
  void index(const T* x);

  /// Whether zeros are worth skipping. Follows from the number of non-zeros alone.
  bool sparse() const;
  std::int64_t nonzeros() const { return static_cast<std::int64_t>(nonzeros_); }

  /// y [rows, n] = epilogue(x w), w [columns, n] and y row-major and contiguous. The sums run over
  /// the non-zeros of a row by ascending column. A zero of x times an infinity or NaN of w counts
  /// as 0 if x is sparse(), as NaN if it is not. Same bits for any number of threads.
  void forward(std::int64_t n, const T* w, T* y, Epilogue<T> epilogue);

  /// dw [columns, n] = [dw +] x' dy, dy [rows, n].
  void weight_gradient(std::int64_t n, const T* dy, T* dw, bool accumulate);

 private:
  /// Lists of non-zeros of x's rows or columns; both live in the same memory, one at a time.
  enum class Lists { none, of_rows, of_columns };

  void list_row(std::size_t row);
  void list_columns_of_word(std::size_t word);
  /// out [lists, n] = epilogue([out +] S dense), row r of S being the list that begins at begin[r].
  /// The lists are made first, by make_lists(0) ... make_lists(makers - 1).
  template <class MakeLists>
  void multiply(std::size_t makers, MakeLists make_lists, const std::uint32_t* begin,
                std::size_t lists, std::size_t dense_rows, std::int64_t n, const T* dense, T* out,
                bool accumulate, Epilogue<T> epilogue);

  std::size_t rows_, columns_, words_;  // words_ of 64 marks in a row
  const T* x_ = nullptr;
  std::size_t nonzeros_ = 0;
  Lists lists_ = Lists::none;
  std::uint64_t* marks_;         // [rows, words]
  std::uint8_t* counts_;         // [rows, words] of marks
  std::uint32_t* row_begin_;     // [rows + 1]
  std::uint32_t* column_begin_;  // [columns + 1]
  std::uint32_t* index_;         // [capacity]
  T* value_;                     // [capacity]
};

}  // namespace nelbo
