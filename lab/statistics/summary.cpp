#include "lab/statistics/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "autodiff/error.hpp"
#include "lab/statistics/student_t.hpp"

namespace nelbo::gradvar {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

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
      if (v <= rounding_variance * mean[j] * mean[j]) continue;
      ratios += mean[j] * mean[j] / v - 1 / replicates;
      varying += 1;
    }
  }
  const double norm = squared_norm(moments.mean(), ranges);
  GroupScalars scalars{.squared_norm = norm - variance / replicates,
                       .variance = variance,
                       .squared_snr = varying > 0 ? ratios / varying : nan,
                       .squared_snr_norm = nan,
                       .cosine = nan,
                       .varying = varying};
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

GroupSummary::GroupSummary(Ranges ranges, const GradientMoments& half,
                           std::shared_ptr<const HeldMoments> own,
                           std::shared_ptr<const HeldMoments> reference)
    : ranges_(std::move(ranges)),
      own_(std::move(own)),
      reference_(std::move(reference)),
      half_(group_scalars(half, ranges_)),
      replicates_(double(half.count())),
      norm_(std::sqrt(gradvar::squared_norm(own_->mean(), ranges_))),
      reference_norm_(reference_ ? std::sqrt(gradvar::squared_norm(reference_->mean(), ranges_))
                                 : nan),
      dsnr_(own_->parts()) {
  if (reference_) {
    half_.cosine = dot(own_->mean(), reference_->mean(), ranges_) / (norm_ * reference_norm_);
  }
  for (std::size_t part = 0; part < own_->parts(); ++part) {
    part_norms_.push_back(own_->part_norm(part, ranges_));
  }
}

template <class T>
GroupSummary::Scores GroupSummary::scores(std::span<const T> gradient, std::span<const T> reference,
                                          std::size_t part) const {
  const HeldMoments::Sums sums = own_->sums(gradient, ranges_, part);
  Scores scores{
      .squared_norm = 2 * sums.along,
      .variance = sums.deviation,
      .squared_snr = (2 * sums.ratio - sums.spread) / half_.varying,
      .squared_snr_norm =
          (2 * sums.along - std::max(0.0, half_.squared_snr_norm) * sums.deviation) /
          half_.variance,
      .cosine = 0,  // a reference is at 1 from itself
      .directional = DirectionalSnr::ratio(norm_ > 0 ? sums.along / norm_ : 0, sums.squared_norm),
      .directional_of_part = nan,
      .part = part};
  if (part < part_norms_.size()) {
    scores.directional_of_part = DirectionalSnr::ratio(
        part_norms_[part] > 0 ? sums.part / part_norms_[part] : 0, sums.squared_norm);
  }
  if (reference_ && reference_ != own_) {
    // cos = m.r / |m| |r|, of both means
    const double crossed =
        dot(reference_->mean(), gradient, ranges_) + dot(own_->mean(), reference, ranges_);
    scores.cosine =
        crossed / (norm_ * reference_norm_) -
        half_.cosine * (sums.along / (norm_ * norm_) + dot(reference_->mean(), reference, ranges_) /
                                                           (reference_norm_ * reference_norm_));
  }
  return scores;
}

template GroupSummary::Scores GroupSummary::scores(std::span<const float>, std::span<const float>,
                                                   std::size_t) const;
template GroupSummary::Scores GroupSummary::scores(std::span<const double>, std::span<const double>,
                                                   std::size_t) const;

void GroupSummary::add(const Scores& scores) {
  squared_norm_.add(scores.squared_norm);
  variance_.add(scores.variance);
  squared_snr_.add(scores.squared_snr);
  squared_snr_norm_.add(scores.squared_snr_norm);
  cosine_.add(scores.cosine);
  dsnr_.add(scores.directional, scores.part, scores.directional_of_part);
}

GroupStatistics GroupSummary::result(const GradientMoments& all,
                                     const GradientMoments* reference) const {
  const GroupScalars of = group_scalars(all, ranges_, reference);
  const double n = double(all.count());
  // To first order the noise of a squared mean is in proportion to the mean, whose own noise in all
  // replicates is less than in the first half.
  const auto shrunk = [&](double whole, double half) {
    return half > 0 && whole > 0 ? std::sqrt(whole / half) : 1;
  };
  const double norm = std::sqrt(gradvar::squared_norm(all.mean(), ranges_));
  const double length = shrunk(norm * norm, norm_ * norm_);
  const double ratio = shrunk(of.squared_snr + 1 / n, half_.squared_snr + 1 / replicates_);
  double lengths = 1 / length;
  if (reference) {
    const double other = std::sqrt(gradvar::squared_norm(reference->mean(), ranges_));
    lengths *= shrunk(reference_norm_ * reference_norm_, other * other);
  }
  const auto error = [n](const RunningMean& scores, double scale) {
    return scores.count() < least_for_errors
               ? nan
               : scale * std::sqrt(scores.variance() / (scores.count() - 1) * scores.count() / n);
  };
  // The share of noise in the first half's mean over that in the mean of one of its parts.
  const double signal = std::max(0.0, of.squared_norm);
  const double of_part = replicates_ / std::max(1.0, double(own_->parts()));
  MeanAndError dsnr =
      dsnr_.result((signal * of_part + of.variance) / (signal * replicates_ + of.variance));
  if (dsnr_.count() < least_for_errors) dsnr.standard_error = nan;
  return {.mean_norm = root(of.squared_norm, error(squared_norm_, length)),
          .variance = {of.variance, error(variance_, 1)},
          .snr = root(of.squared_snr, error(squared_snr_, ratio)),
          .snr_norm = root(of.squared_snr_norm, error(squared_snr_norm_, length)),
          .dsnr = dsnr,
          .cosine = {of.cosine, error(cosine_, lengths)},
          .snr_floor = 1 / std::sqrt(n)};
}

BiasTest::Result BiasTest::result() const {
  const double n = differences_.count();
  if (n < 2) return {nan, nan};
  const auto [mean, standard_error] = differences_.result();
  if (std::abs(mean) <= rounding_) return {0, 1};
  const double t = mean / standard_error;
  return {t, student_t_two_sided(t, n - 1)};
}

double rounding_of(const GradientMoments& moments, const Ranges& ranges) {
  double squares = 0;
  for (const Range& range : ranges) {
    for (const double square : moments.squares().subspan(range.offset, range.length)) {
      squares += square;
    }
  }
  const double mean_square =
      squared_norm(moments.mean(), ranges) + squares / double(moments.count());
  return 8 * double(std::numeric_limits<float>::epsilon()) * std::sqrt(mean_square);
}

}  // namespace nelbo::gradvar
