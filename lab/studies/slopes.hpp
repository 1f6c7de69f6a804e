#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lab/statistics/mean_and_error.hpp"
#include "lab/studies/study.hpp"

namespace nelbo::gradvar {

/// A debiased signal-to-noise ratio at x = m or k.
struct SlopePoint {
  double x = 1;
  MeanAndError snr;
  double floor = 0;    // points at or below it are left out
  double stratum = 0;  // points of one stratum lie on one line; all lines have the same slope
};

/// The line log snr = c_stratum + slope log x.
struct SlopeFit {
  double slope, se;  // NaN where a point's error is not known
  double low, high;  // 95 % confidence interval
  int points;        // that were above the floor
};

/// Least squares of log snr with equal weights: what line is meant depends on the points' x alone, not
/// on how well each happened to be known, which would move the fit where they lie on a curve. The
/// standard error follows from the points' (se(snr) / snr by the delta method): it says how well the
/// slope over these points is known, not whether they lie on a line. Nothing where no stratum has two
/// different x.
std::optional<SlopeFit> fit_slope(std::span<const SlopePoint> points);

/// The slopes over m and over k (with the other one in strata) of every bound, estimator and group,
/// in the rows' order; theory is left empty.
std::vector<Slope> slopes_of(std::span<const Row> rows);

}  // namespace nelbo::gradvar
