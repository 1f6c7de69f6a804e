#pragma once

namespace nelbo {

/// A mean and its standard error, s / sqrt(N) with s the sample standard deviation; NaN for N = 1.
struct Estimate {
  double mean = 0;
  double standard_error = 0;
};

/// Sums from which an Estimate is made, one value after the other (Welford 1962: no cancellation).
class RunningEstimate {
 public:
  void add(double value);
  double count() const { return count_; }
  Estimate result() const;

 private:
  double count_ = 0;
  double mean_ = 0;
  double squares_ = 0;  // of deviations from the mean
};

}  // namespace nelbo
