#pragma once
#include <cstddef>
#include <vector>

namespace nelbo::disentanglement {

/// A table [D, K]: what code d has to do with factor k.
class Matrix {
 public:
  Matrix() = default;
  Matrix(std::size_t rows, std::size_t columns, double value = 0)
      : rows_(rows), columns_(columns), values_(rows * columns, value) {}

  std::size_t rows() const { return rows_; }        // D
  std::size_t columns() const { return columns_; }  // K
  double operator()(std::size_t d, std::size_t k) const { return values_[d * columns_ + k]; }
  double& operator()(std::size_t d, std::size_t k) { return values_[d * columns_ + k]; }

 private:
  std::size_t rows_ = 0, columns_ = 0;
  std::vector<double> values_;
};

}  // namespace nelbo::disentanglement
