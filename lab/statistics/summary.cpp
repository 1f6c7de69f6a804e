#include "lab/statistics/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "autodiff/error.hpp"
#include "lab/statistics/student_t.hpp"

namespace nelbo::gradvar {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// A parameter whose gradient varies by less than this share of its mean varies by rounding: its
/// noise cancels (a linear one on antithetic pairs), and it has no signal-to-noise ratio.
constexpr double rounding = 1e-6;

/// The root of an estimated square, with the delta method's error s / (2 sqrt(q)). Near 0, where
/// that grows without bound, the error is that of the root of s itself.
MeanAndError root(double square, double standard_error) {
  const double value = std::sqrt(std::max(0.0, square));
  if (std::isnan(square) || std::isnan(standard_error)) {
    return {std::isnan(square) ? nan : value, nan};
  }
  const double error = value > 0 ? standard_error / (2 * value) : std::sqrt(standard_error);
  return {value, std::min(error, std::sqrt(standard_error))};
}

}  // namespace

GroupScalars group_scalars(const GradientMoments& moments, const Ranges& ranges,
                           const GradientMoments* reference) {
  if (moments.count() < 2) {
    throw Error(fmt::format("gradient statistics: {} replicates have no variance; take at least 2",
                            moments.count()));
  }
  const double replicates = double(moments.count());
  const double* mean = moments.mean().data();
  const double* squares = moments.squares().data();
  double variance = 0, ratios = 0, varying = 0;
  for (const Range& range : ranges) {
    for (std::size_t j = range.offset; j < range.offset + range.length; ++j) {
      const double v = squares[j] / (replicates - 1);
      variance += v;
      if (v <= rounding * rounding * mean[j] * mean[j]) continue;
      ratios += mean[j] * mean[j] / v - 1 / replicates;
      varying += 1;
    }
  }
  const double norm = squared_norm(moments.mean(), ranges);
  GroupScalars scalars{.squared_norm = norm - variance / replicates,
                       .variance = variance,
                       .squared_snr = varying > 0 ? ratios / varying : nan,
                       .squared_snr_norm = nan,
                       .cosine = nan};
  if (variance > 0) scalars.squared_snr_norm = scalars.squared_norm / variance;
  if (reference) {
    const double other = squared_norm(reference->mean(), ranges);
    if (norm > 0 && other > 0) {
      scalars.cosine =
          dot(moments.mean(), reference->mean(), ranges) / (std::sqrt(norm) * std::sqrt(other));
    }
  }
  return scalars;
}

void GroupSummary::add(const GradientMoments& batch, const GradientMoments* reference) {
  const GroupScalars of = group_scalars(batch, ranges_, reference);
  squared_norm_.add(of.squared_norm);
  variance_.add(of.variance);
  squared_snr_.add(of.squared_snr);
  squared_snr_norm_.add(of.squared_snr_norm);
  cosine_.add(of.cosine);
}

GroupStatistics GroupSummary::result(const GradientMoments& all,
                                     const GradientMoments* reference) const {
  const GroupScalars of = group_scalars(all, ranges_, reference);
  const auto error = [](const RunningMean& batches) { return batches.result().standard_error; };
  return {.mean_norm = root(of.squared_norm, error(squared_norm_)),
          .variance = {of.variance, error(variance_)},
          .snr = root(of.squared_snr, error(squared_snr_)),
          .snr_norm = root(of.squared_snr_norm, error(squared_snr_norm_)),
          .cosine = {of.cosine, error(cosine_)},
          .snr_floor = 1 / std::sqrt(double(all.count()))};
}

void DirectionalSnr::add(Projection::Parts gradient) {
  if (gradient.squared_norm == 0) return;  // no gradient has no direction
  const double across = gradient.squared_norm - gradient.along * gradient.along;
  // Less than the rounding of the two squares is nothing.
  ratios_.add(across > 1e-14 * gradient.squared_norm ? std::abs(gradient.along) / std::sqrt(across)
                                                     : std::numeric_limits<double>::infinity());
}

MeanAndError DirectionalSnr::result() const {
  const MeanAndError found = ratios_.result();
  return ratios_.count() > 0 && std::isfinite(found.mean) ? found : not_estimated;
}

BiasTest::Result BiasTest::result() const {
  const double n = differences_.count();
  if (n < 2) return {nan, nan};
  const auto [mean, standard_error] = differences_.result();
  if (mean == 0 && standard_error == 0) return {0, 1};
  const double t = mean / standard_error;
  return {t, student_t_two_sided(t, n - 1)};
}

}  // namespace nelbo::gradvar
