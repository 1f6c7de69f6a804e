#pragma once
#include <initializer_list>

#include "autodiff/tape.hpp"

namespace nelbo {

/// The axes that a reduction runs over; none named means all. Negative axes count from the end.
class Axes {
 public:
  Axes() = default;
  Axes(int axis) : Axes({axis}) {}
  Axes(std::initializer_list<int> axes);
  /// One bit per axis of `shape`. Throws Error naming `op` for an axis out of range or named twice.
  unsigned mask(const Shape& shape, const char* op) const;

 private:
  int axes_[max_rank] = {};
  int count_ = 0;
};

/// Whether reduced axes stay, with length 1.
enum class Keep { no, yes };

// Sums are taken in a fixed order that depends on the shape alone: blocks of a few thousand numbers
// in the operand's type, the blocks in double. Reductions of nothing: sum 0, mean NaN, max and
// logsumexp -infinity.

Var sum(Var x, const Axes& axes = {}, Keep keep = Keep::no);
Var mean(Var x, const Axes& axes = {}, Keep keep = Keep::no);
/// The largest number, NaN if there is one. Equal largest numbers share the gradient equally.
Var max(Var x, const Axes& axes = {}, Keep keep = Keep::no);

/// log sum exp(x). -infinity, with gradient 0, if all x are -infinity; +infinity if one is (its
/// gradient is then shared by those that are).
Var logsumexp(Var x, const Axes& axes = {}, Keep keep = Keep::no);
/// logsumexp(x) - log n: the importance-weighted bound of log-weights x [S, B] over axis 0.
Var logmeanexp(Var x, const Axes& axes = {}, Keep keep = Keep::no);

/// Divisor of the variance: n, or n - 1 for an unbiased estimate from a sample.
enum class Divisor { n, n_minus_1 };

/// Mean squared distance from the mean, in two passes. Divisor::n_minus_1 of one number is NaN.
Var variance(Var x, const Axes& axes = {}, Divisor divisor = Divisor::n, Keep keep = Keep::no);

/// exp(x - logsumexp(x)), of the shape of x: sums to 1 over `axes`.
Var softmax(Var x, const Axes& axes = -1);
/// x - logsumexp(x), of the shape of x.
Var log_softmax(Var x, const Axes& axes = -1);

}  // namespace nelbo
