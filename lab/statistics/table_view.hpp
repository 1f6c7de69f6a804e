#pragma once
#include <cstddef>
#include <span>

namespace nelbo {

/// A table [N, D] of somebody else's numbers, row after row.
class TableView {
 public:
  /// `values` holds a whole number of rows of `columns` > 0 numbers.
  TableView(std::span<const double> values, std::size_t columns)
      : values_(values), columns_(columns) {}

  std::size_t rows() const { return values_.size() / columns_; }
  std::size_t columns() const { return columns_; }
  std::span<const double> row(std::size_t n) const {
    return values_.subspan(n * columns_, columns_);
  }
  double operator()(std::size_t n, std::size_t d) const { return values_[n * columns_ + d]; }

 private:
  std::span<const double> values_;
  std::size_t columns_;
};

}  // namespace nelbo
