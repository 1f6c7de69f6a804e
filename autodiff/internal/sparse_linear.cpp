#include "autodiff/internal/sparse_linear.hpp"

#include <algorithm>
#include <bit>

#include "autodiff/internal/partition.hpp"
#include "autodiff/internal/two_phases.hpp"
#include "autodiff/kernels/dispatch.hpp"
#include "autodiff/scratch.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

using std::size_t;

template <class T>
const auto& table() {
  return kernels_for<T>(active_kernels().sparse());
}

// Above this share of non-zeros the dense product is faster. All of these follow from the data
// alone.
constexpr double most_dense = 0.3;
constexpr size_t least_uses = 16;  // of a row of the dense operand, to be worth a copy
constexpr size_t most_pieces = 64;
constexpr size_t parallel_elements = 1 << 16;
constexpr double piece_work = 1e5;  // multiply-adds of a piece at least

size_t capacity(size_t rows, size_t columns) {
  return static_cast<size_t>(most_dense * static_cast<double>(rows * columns)) + 1;
}

/// Cuts a block of memory into arrays that begin at cache lines.
class Cutter {
 public:
  explicit Cutter(std::byte* memory) : memory_(memory) {}
  template <class U>
  U* take(size_t n) {
    std::byte* begin = memory_ == nullptr ? nullptr : memory_ + used_;
    used_ += divide_up(n * sizeof(U), 64) * 64;
    return reinterpret_cast<U*>(begin);
  }
  size_t used() const { return used_; }

 private:
  std::byte* memory_;
  size_t used_ = 0;
};

template <class F>
void each_mark(std::uint64_t marks, F f) {
  for (; marks != 0; marks &= marks - 1) f(static_cast<size_t>(std::countr_zero(marks)));
}

}  // namespace

template <class T>
size_t SparseRows<T>::bytes(std::int64_t rows, std::int64_t columns) {
  const auto r = static_cast<size_t>(rows), c = static_cast<size_t>(columns);
  const size_t words = divide_up(c, 64);
  Cutter cutter(nullptr);
  cutter.take<std::uint64_t>(r * words);
  cutter.take<std::uint8_t>(r * words);
  cutter.take<std::uint32_t>(r + 1);
  cutter.take<std::uint32_t>(c + 1);
  cutter.take<std::uint32_t>(capacity(r, c));
  cutter.take<T>(capacity(r, c));
  return cutter.used();
}

template <class T>
SparseRows<T>::SparseRows(void* memory, std::int64_t rows, std::int64_t columns)
    : rows_(static_cast<size_t>(rows)),
      columns_(static_cast<size_t>(columns)),
      words_(divide_up(columns_, 64)) {
  Cutter cutter(static_cast<std::byte*>(memory));
  marks_ = cutter.take<std::uint64_t>(rows_ * words_);
  counts_ = cutter.take<std::uint8_t>(rows_ * words_);
  row_begin_ = cutter.take<std::uint32_t>(rows_ + 1);
  column_begin_ = cutter.take<std::uint32_t>(columns_ + 1);
  index_ = cutter.take<std::uint32_t>(capacity(rows_, columns_));
  value_ = cutter.take<T>(capacity(rows_, columns_));
}

template <class T>
void SparseRows<T>::index(const T* x) {
  x_ = x;
  lists_ = Lists::none;
  const auto mark = table<T>().mark;
  const auto mark_row = [&](size_t r) {
    std::uint8_t* counts = counts_ + r * words_;
    mark(x_ + r * columns_, columns_, marks_ + r * words_, counts);
    std::uint32_t sum = 0;
    for (size_t w = 0; w < words_; ++w) sum += counts[w];
    row_begin_[r + 1] = sum;
  };
  const size_t jobs = rows_ * columns_ < parallel_elements
                          ? 1
                          : std::min(rows_, divide_up(rows_ * columns_, chunk_elements));
  parallel_for(jobs, [&](size_t job) {
    for (size_t r = job * rows_ / jobs; r < (job + 1) * rows_ / jobs; ++r) mark_row(r);
  });
  row_begin_[0] = 0;
  nonzeros_ = 0;
  for (size_t r = 0; r < rows_; ++r) {
    nonzeros_ += row_begin_[r + 1];
    row_begin_[r + 1] = static_cast<std::uint32_t>(nonzeros_);
  }
}

template <class T>
bool SparseRows<T>::sparse() const {
  return nonzeros_ < capacity(rows_, columns_);
}

template <class T>
void SparseRows<T>::list_row(size_t row) {
  const T* x = x_ + row * columns_;
  size_t to = row_begin_[row];
  for (size_t w = 0; w < words_; ++w) {
    each_mark(marks_[row * words_ + w], [&](size_t bit) {
      const size_t column = w * 64 + bit;
      index_[to] = static_cast<std::uint32_t>(column);
      value_[to++] = x[column];
    });
  }
}

template <class T>
void SparseRows<T>::list_columns_of_word(size_t word) {
  const size_t first = word * 64, columns = std::min<size_t>(64, columns_ - first);
  // column_begin_[first] is known; those behind it follow from counting.
  std::uint32_t next[64] = {};
  for (size_t r = 0; r < rows_; ++r) {
    each_mark(marks_[r * words_ + word], [&](size_t bit) { ++next[bit]; });
  }
  std::uint32_t begin = column_begin_[first];
  for (size_t c = 0; c < columns; ++c) {
    const std::uint32_t count = next[c];
    next[c] = begin;
    begin += count;
    if (c + 1 < columns) column_begin_[first + c + 1] = begin;
  }
  for (size_t r = 0; r < rows_; ++r) {
    const T* x = x_ + r * columns_ + first;
    each_mark(marks_[r * words_ + word], [&](size_t bit) {
      index_[next[bit]] = static_cast<std::uint32_t>(r);
      value_[next[bit]++] = x[bit];
    });
  }
}

template <class T>
template <class MakeLists>
void SparseRows<T>::multiply(size_t makers, MakeLists make_lists, const std::uint32_t* begin,
                             size_t lists, size_t dense_rows, std::int64_t n, const T* dense,
                             T* out, bool accumulate, Epilogue<T> epilogue) {
  const kernels::SparseTable<T>& kernel = table<T>();
  const auto columns = static_cast<size_t>(n);
  const size_t column_pieces = divide_up(columns, kernel.widest);
  // Copying the piece's columns of the dense operand side by side pays when every row is used many
  // times.
  const size_t uses = nonzeros_ / std::max<size_t>(1, dense_rows);
  const bool pack = uses >= least_uses;
  const double work = static_cast<double>(nonzeros_) * static_cast<double>(columns);
  const size_t pieces = std::clamp<size_t>(static_cast<size_t>(work / piece_work), 1, most_pieces);
  const size_t row_pieces =
      std::min(lists, whole_homes(std::min(divide_up(pieces, column_pieces),
                                           pack ? uses / least_uses : most_pieces)));
  run_two_phases(
      work < 2 * piece_work, makers, make_lists, row_pieces * column_pieces, [&](size_t i) {
        const size_t rows = i / column_pieces, column = i % column_pieces * kernel.widest;
        const size_t width = std::min(columns - column, kernel.widest);
        const T* d = dense + column;
        std::ptrdiff_t stride = n;
        if (pack) {
          T* packed = scratch_array<T>(Scratch::packed_columns, dense_rows * kernel.widest);
          for (size_t r = 0; r < dense_rows; ++r) {
            std::copy_n(d + r * columns, width, packed + r * kernel.widest);
          }
          d = packed;
          stride = static_cast<std::ptrdiff_t>(kernel.widest);
        }
        kernel.multiply({{begin, index_, value_},
                         d,
                         stride,
                         out + column,
                         n,
                         rows * lists / row_pieces,
                         (rows + 1) * lists / row_pieces,
                         width,
                         accumulate,
                         epilogue.bias == nullptr ? nullptr : epilogue.bias + column,
                         epilogue.activation});
      });
}

template <class T>
void SparseRows<T>::forward(std::int64_t n, const T* w, T* y, Epilogue<T> epilogue) {
  const auto rows = static_cast<std::int64_t>(rows_), columns = static_cast<std::int64_t>(columns_);
  if (!sparse()) {
    gemm<T>(rows, n, columns, row_major(x_, columns), row_major(w, n), y, n, false, epilogue);
    return;
  }
  if (rows == 0 || n == 0) return;
  const size_t makers =
      lists_ == Lists::of_rows ? 0 : std::min(rows_, divide_up(rows_ * columns_, chunk_elements));
  const auto make_lists = [&](size_t job) {
    for (size_t r = job * rows_ / makers; r < (job + 1) * rows_ / makers; ++r) list_row(r);
  };
  multiply(makers, make_lists, row_begin_, rows_, columns_, n, w, y, false, epilogue);
  lists_ = Lists::of_rows;
}

template <class T>
void SparseRows<T>::weight_gradient(std::int64_t n, const T* dy, T* dw, bool accumulate) {
  const auto rows = static_cast<std::int64_t>(rows_), columns = static_cast<std::int64_t>(columns_);
  if (!sparse()) {
    gemm<T>(columns, n, rows, transposed(x_, columns), row_major(dy, n), dw, n, accumulate);
    return;
  }
  if (columns == 0 || n == 0) return;
  size_t makers = 0;
  if (lists_ != Lists::of_columns) {
    makers = std::clamp<size_t>(divide_up(rows_ * columns_, chunk_elements), 1, words_);
    column_begin_[columns_] = static_cast<std::uint32_t>(nonzeros_);
    for (size_t w = 0, begin = 0; w < words_; ++w) {
      column_begin_[w * 64] = static_cast<std::uint32_t>(begin);
      for (size_t r = 0; r < rows_; ++r) begin += counts_[r * words_ + w];
    }
  }
  const auto make_lists = [&](size_t job) {
    for (size_t w = job * words_ / makers; w < (job + 1) * words_ / makers; ++w) {
      list_columns_of_word(w);
    }
  };
  multiply(makers, make_lists, column_begin_, columns_, rows_, n, dy, dw, accumulate, {});
  lists_ = Lists::of_columns;
}

template class SparseRows<float>;
template class SparseRows<double>;

}  // namespace nelbo
