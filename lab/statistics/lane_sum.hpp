#pragma once
#include <cstddef>

namespace nelbo::gradvar {

/// A sum in double of many terms: eight running sums that the compiler keeps in vector registers, added
/// as a tree. The order of the terms alone decides the bits.
class LaneSum {
 public:
  static constexpr std::size_t width = 8;

  /// Adds term(0) ... term(n - 1).
  template <class Term>
  void add(std::size_t n, Term term) {
    std::size_t i = 0;
    for (; i + width <= n; i += width) {
      for (std::size_t k = 0; k < width; ++k) sums_[k] += term(i + k);
    }
    for (std::size_t k = 0; i < n; ++i, ++k) sums_[k] += term(i);
  }
  double total() const {
    return ((sums_[0] + sums_[4]) + (sums_[2] + sums_[6])) +
           ((sums_[1] + sums_[5]) + (sums_[3] + sums_[7]));
  }

 private:
  double sums_[width] = {};
};

}  // namespace nelbo::gradvar
