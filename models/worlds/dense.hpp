#pragma once
// Linear algebra on small float64 matrices outside every tape: what the closed forms of the worlds
// are written in. A matrix is a row-major tensor [R, C], a vector a column [R, 1].
#include <vector>

#include "autodiff/tensor.hpp"

namespace nelbo::dense {

/// [n] as a column [n, 1].
Tensor column(const Tensor& v);
/// A column [n, 1] (or [n]) on the diagonal of [n, n].
Tensor diagonal(const Tensor& v);
/// The diagonal of [n, n] as a column.
Tensor diagonal_of(const Tensor& a);
Tensor identity(std::int64_t n);
Tensor transposed(const Tensor& a);

/// The matrix product [R, K] [K, C].
Tensor operator*(const Tensor& a, const Tensor& b);
Tensor operator*(double factor, const Tensor& a);
Tensor operator+(const Tensor& a, const Tensor& b);
Tensor operator-(const Tensor& a, const Tensor& b);

double trace(const Tensor& a);
/// sum_ij a_ij b_ij = tr(a' b).
double dot(const Tensor& a, const Tensor& b);
/// sum_i log v_i.
double sum_log(const Tensor& v);

/// A symmetric positive definite matrix by its Cholesky factor L, a = L L'.
class Factor {
 public:
  /// Reads the lower triangle of a [n, n].
  explicit Factor(const Tensor& a);
  /// False if a has no Cholesky factor, or one with elements that are not finite; nothing below is
  /// meaningful then.
  bool positive_definite() const { return positive_definite_; }
  const Tensor& lower() const { return lower_; }
  /// ln |a|.
  double log_determinant() const;
  /// a^-1 b, for b [n, C].
  Tensor solve(const Tensor& b) const;
  /// L^-1 b.
  Tensor whiten(const Tensor& b) const;
  Tensor inverse() const;

 private:
  Tensor lower_;
  bool positive_definite_;
};

}  // namespace nelbo::dense
