#include "lab/statistics/estimate.hpp"

#include <cmath>

namespace nelbo {

void RunningEstimate::add(double value) {
  count_ += 1;
  const double deviation = value - mean_;
  mean_ += deviation / count_;
  squares_ += deviation * (value - mean_);
}

Estimate RunningEstimate::result() const {
  return {mean_, std::sqrt(squares_ / (count_ - 1) / count_)};
}

}  // namespace nelbo
