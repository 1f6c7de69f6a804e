#include "lab/statistics/mean_and_error.hpp"

#include <cmath>

namespace nelbo {

void RunningMean::add(double value) {
  count_ += 1;
  const double deviation = value - mean_;
  mean_ += deviation / count_;
  squares_ += deviation * (value - mean_);
}

void RunningMean::add(const RunningMean& part) {
  if (part.count_ == 0) return;
  const double share = part.count_ / (count_ + part.count_), difference = part.mean_ - mean_;
  mean_ += share * difference;
  squares_ += part.squares_ + count_ * share * difference * difference;
  count_ += part.count_;
}

MeanAndError RunningMean::result() const {
  if (count_ < 2) return {mean_, not_estimated.standard_error};
  return {mean_, std::sqrt(squares_ / (count_ - 1) / count_)};
}

}  // namespace nelbo
