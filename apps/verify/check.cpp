#include "apps/verify/check.hpp"

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

}  // namespace nelbo::verify
