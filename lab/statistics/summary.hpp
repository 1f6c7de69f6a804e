#pragma once
#include <cstdint>
#include <limits>

#include "lab/statistics/mean_and_error.hpp"
#include "lab/statistics/moments.hpp"
#include "lab/statistics/projection.hpp"

// What a study says of one group's gradients. The R replicates come in equal batches:
//
//   GradientMoments all(P), batch(P);
//   GroupSummary summary(ranges);
//   for every batch: batch.clear(); batch.add(replicates...); summary.add(batch); all.merge(batch);
//   GroupStatistics found = summary.result(all);
//
// so that nothing of the size of the parameters is kept of a batch.
namespace nelbo::gradvar {

inline constexpr MeanAndError not_estimated{std::numeric_limits<double>::quiet_NaN(),
                                            std::numeric_limits<double>::quiet_NaN()};

/// Scalars of moments of R replicates, with m the mean and v the unbiased variance of each
/// parameter. Squares are debiased: E m^2 = (E g)^2 + V / R. They may be negative.
struct GroupScalars {
  double squared_norm;      // |m|^2 - tr V / R, unbiased for |E g|^2
  double variance;          // tr V
  double squared_snr;       // mean of (m_j^2 - v_j / R) / v_j over parameters that vary
  double squared_snr_norm;  // (|m|^2 - tr V / R) / tr V
  double cosine;            // of the means of these and of the reference; NaN without one
};

/// Throws Error for fewer than 2 replicates. What has no variance has no signal-to-noise ratio:
/// NaN.
GroupScalars group_scalars(const GradientMoments& moments, const Ranges& ranges,
                           const GradientMoments* reference = nullptr);

/// Figures of a group over all replicates with standard errors by batch means. Near the floor the
/// errors of the norm and of the ratios are too large, never too small: the squared noise of a mean
/// falls as 1 / R^2, but is seen in B batches of R / B. At an SNR of c floors the error is about
/// sqrt((2 c^2 + B) / (2 c^2 + 1)) times the true one: with 32 batches 2.1 at c = 2, 1.3 at c = 5.
struct GroupStatistics {
  MeanAndError mean_norm;  // |E g|, the root of the debiased square
  MeanAndError variance;   // tr V
  MeanAndError snr;        // root of squared_snr, 0 where that is negative
  MeanAndError snr_norm;   // root of squared_snr_norm, 0 where that is negative
  MeanAndError cosine;
  double snr_floor;  // 1 / sqrt(R): where |mean| / sd ends without debiasing
};

class GroupSummary {
 public:
  explicit GroupSummary(Ranges ranges) : ranges_(std::move(ranges)) {}

  /// Takes the next batch, and the reference's batch of the same draws for the cosine.
  void add(const GradientMoments& batch, const GradientMoments* reference = nullptr);
  /// From the merged moments of all batches that were added. Errors are NaN for one batch.
  GroupStatistics result(const GradientMoments& all,
                         const GradientMoments* reference = nullptr) const;

 private:
  Ranges ranges_;
  RunningMean squared_norm_, variance_, squared_snr_, squared_snr_norm_, cosine_;
};

/// E[|u.g| / |g - (u.g) u|], the directional signal-to-noise ratio of Rainforth et al. (2018), eq.
/// (12). The direction u must come from other replicates than those added, or the noise of its
/// own mean counts as signal.
class DirectionalSnr {
 public:
  void add(Projection::Parts gradient);
  /// NaN where a gradient has nothing across the direction (one parameter), or nothing was added.
  MeanAndError result() const;

 private:
  RunningMean ratios_;
};

/// Is E g = E g_ref? From d_r = v.(g_r - g_ref,r) of paired replicates (common random numbers) with
/// a direction v that was fixed beforehand.
class BiasTest {
 public:
  void add(double difference) { differences_.add(difference); }

  struct Result {
    double t;  // mean / standard error; 0 where all differences are 0
    double p;  // two-sided, Student's t with n - 1 degrees of freedom
  };
  /// NaN for fewer than 2 replicates.
  Result result() const;

 private:
  RunningMean differences_;
};

}  // namespace nelbo::gradvar
