#include "lab/statistics/directional_snr.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nelbo::gradvar {

double DirectionalSnr::ratio(double along, double squared_norm) {
  if (squared_norm == 0) return std::nan("");
  const double across = squared_norm - along * along;
  // Less than the rounding of the two squares is nothing.
  return across > 1e-14 * squared_norm ? std::abs(along) / std::sqrt(across)
                                       : std::numeric_limits<double>::infinity();
}

void DirectionalSnr::add(double ratio, std::size_t part, double ratio_of_part) {
  if (std::isnan(ratio)) return;
  ratios_.add(ratio);
  if (part < of_parts_.size()) of_parts_[part].add(ratio_of_part);
}

MeanAndError DirectionalSnr::result(double noise_share) const {
  const MeanAndError found = ratios_.result();
  if (ratios_.count() == 0 || !std::isfinite(found.mean)) return not_estimated;
  RunningMean parts;
  double expected = 0;  // of the parts' variance from the replicates that they saw
  for (const RunningMean& part : of_parts_) {
    if (part.count() == 0) continue;
    parts.add(part.result().mean);
    expected += ratios_.variance() / part.count() / double(of_parts_.size());
  }
  const double own = found.standard_error * found.standard_error;
  const double between = parts.variance() * parts.count() / (parts.count() - 1);
  return {found.mean, std::sqrt(own + noise_share * std::max(0.0, between - expected))};
}

}  // namespace nelbo::gradvar
