#include "lab/evaluation/annealing/rate_distortion.hpp"

#include <string>

namespace nelbo::annealing {

std::vector<std::size_t> curve_points(std::int64_t temperatures, std::int64_t count) {
  std::vector<std::size_t> points;
  for (std::int64_t k = 1; k <= count; ++k) {
    const std::size_t t = std::size_t((temperatures * k + count - 1) / count);
    if (points.empty() || points.back() != t) points.push_back(t);
  }
  return points;
}

std::vector<RatePoint> rate_distortion(const Readings& readings, const AnnealingPlan& plan,
                                       std::span<const std::size_t> points) {
  std::vector<RatePoint> curve;
  for (std::size_t k = 0; k < points.size(); ++k) {
    const std::string number = std::to_string(k + 1);
    const std::vector<double> log_z = readings.column("log_z_" + number),
                              distortion = readings.column("distortion_" + number);
    const double beta = plan.betas[points[k]];
    RunningMean rate, mean_distortion;
    for (std::size_t n = 0; n < log_z.size(); ++n) {
      mean_distortion.add(distortion[n]);
      rate.add(-log_z[n] - beta * distortion[n]);
    }
    curve.push_back({beta, mean_distortion.result(), rate.result()});
  }
  return curve;
}

}  // namespace nelbo::annealing
