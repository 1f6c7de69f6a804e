#pragma once
#include <cstddef>
#include <span>
#include <vector>

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
  std::vector<double> column(std::size_t d) const {
    std::vector<double> result(rows());
    for (std::size_t n = 0; n < result.size(); ++n) result[n] = (*this)(n, d);
    return result;
  }
  double operator()(std::size_t n, std::size_t d) const { return values_[n * columns_ + d]; }

 private:
  std::span<const double> values_;
  std::size_t columns_;
};

}  // namespace nelbo
