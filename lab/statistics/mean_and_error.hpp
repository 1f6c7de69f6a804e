#pragma once
#include <limits>

namespace nelbo {

/// A mean and its standard error, s / sqrt(N) with s the sample standard deviation; NaN where it cannot
/// be known (N = 1), 0 of what is exact.
struct MeanAndError {
  double mean = 0;
  double standard_error = 0;
};

inline constexpr MeanAndError not_estimated{std::numeric_limits<double>::quiet_NaN(),
                                            std::numeric_limits<double>::quiet_NaN()};

/// The mean of numbers that come one after the other, its error and their variance (Welford 1962:
/// no cancellation). The order alone decides the bits.
class RunningMean {
 public:
  void add(double value);
  /// As if the numbers of `part` had been added too (Chan, Golub & LeVeque 1979).
  void add(const RunningMean& part);

  double count() const { return count_; }
  /// Of the numbers themselves, divided by N.
  double variance() const { return squares_ / count_; }
  MeanAndError result() const;

 private:
  double count_ = 0;
  double mean_ = 0;
  double squares_ = 0;  // of deviations from the mean
};

}  // namespace nelbo
