#pragma once

namespace nelbo {

/// A mean and its standard error, s / sqrt(N) with s the sample standard deviation; NaN for N = 1.
struct MeanAndError {
  double mean = 0;
  double standard_error = 0;
};

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
