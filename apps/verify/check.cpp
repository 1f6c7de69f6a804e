#include "apps/verify/check.hpp"

#include <algorithm>
#include <cmath>

namespace nelbo::verify {

std::optional<double> Check::z() const {
  if (!remark.empty()) return std::nullopt;
  const double rounding = 1e-12 * (1 + std::fabs(expected));
  return (value - expected) / std::hypot(se, expected_error, rounding);
}

bool Check::failed() const {
  const auto score = z();
  return wrong_side || (score && !(std::fabs(*score) <= 4));
}

void MeanOf::add(const MeanOf& part) {
  sum_ += part.sum_;
  squares_ += part.squares_;
  n_ += part.n_;
}

double MeanOf::se() const {
  const double mean = sum_ / n_;
  return std::sqrt(std::max(0.0, squares_ / n_ - mean * mean) / (n_ - 1));
}

}  // namespace nelbo::verify
