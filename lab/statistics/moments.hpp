#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace nelbo::gradvar {

/// Mean and sum of squared deviations of gradients [P], one replicate after the other, in double
/// (Welford 1962): 2 P numbers, however many replicates. The order of the calls alone decides the
/// bits, so that moments of fixed batches merged in a fixed order do not depend on threads.
class GradientMoments {
 public:
  explicit GradientMoments(std::size_t parameters) : mean_(parameters), squares_(parameters) {}

  std::size_t parameters() const { return mean_.size(); }  // P
  std::uint64_t count() const { return count_; }           // replicates
  std::span<const double> mean() const { return mean_; }   // [P]
  /// [P] sums of (g - mean)^2; the unbiased variance is squares / (count - 1).
  std::span<const double> squares() const { return squares_; }

  /// Takes gradients [R, P] of one or more replicates, one after the other: the same bits as R
  /// calls, but the moments travel through memory once. Throws Error for another length.
  void add(std::span<const float> gradients);
  void add(std::span<const double> gradients);
  /// As if the replicates of `other` had been added too (Chan, Golub & LeVeque 1979). Throws Error
  /// for another number of parameters.
  void merge(const GradientMoments& other);
  void clear();

 private:
  template <class T>
  void add_rows(std::span<const T> gradients);

  std::uint64_t count_ = 0;
  std::vector<double> mean_, squares_;
};

}  // namespace nelbo::gradvar
