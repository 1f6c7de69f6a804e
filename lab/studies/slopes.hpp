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
  double slope, se;
  double low, high;  // 95 % confidence interval
  int points;        // that were above the floor
};

/// Weighted least squares with weights 1 / se^2 of log snr, se = se(snr) / snr by the delta method.
/// The standard error follows from the weights: it says how well the slope over these points is
/// known, not whether they lie on a line. Nothing where no stratum has two different x.
std::optional<SlopeFit> fit_slope(std::span<const SlopePoint> points);

/// The slopes over m and over k (with the other one in strata) of every bound, estimator and group,
/// in the rows' order; theory is left empty.
std::vector<Slope> slopes_of(std::span<const Row> rows);

}  // namespace nelbo::gradvar
