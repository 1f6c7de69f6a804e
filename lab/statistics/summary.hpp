#pragma once
#include <cstdint>
#include <memory>
#include <span>

#include "lab/statistics/directional_snr.hpp"
#include "lab/statistics/held_moments.hpp"
#include "lab/statistics/mean_and_error.hpp"
#include "lab/statistics/moments.hpp"
#include "lab/statistics/projection.hpp"

// What a study says of one group's gradients. The R replicates come in two halves, the first of which
// tells what the second is measured by:
//
//   GradientMoments all(P);
//   all.add(first half...);
//   GroupSummary summary(ranges, all, std::make_shared<HeldMoments>(all, means of its parts), nullptr);
//   for every g of the second half: summary.add(summary.scores(g, {}, part)), all.add(g);
//   GroupStatistics found = summary.result(all);
//
// so that nothing of the size of the parameters is kept of a replicate.
namespace nelbo::gradvar {

/// Scalars of moments of R replicates, with m the mean and v the unbiased variance of each
/// parameter. Squares are debiased: E m^2 = (E g)^2 + V / R. They may be negative.
struct GroupScalars {
  double squared_norm;      // |m|^2 - tr V / R, unbiased for |E g|^2
  double variance;          // tr V
  double squared_snr;       // mean of (m_j^2 - v_j / R) / v_j over parameters that vary
  double squared_snr_norm;  // (|m|^2 - tr V / R) / tr V
  double cosine;            // of the means of these and of the reference; NaN without one
  double varying;           // number of parameters that vary
};

/// Throws Error for fewer than 2 replicates. What has no variance has no signal-to-noise ratio:
/// NaN.
GroupScalars group_scalars(const GradientMoments& moments, const Ranges& ranges,
                           const GradientMoments* reference = nullptr);

/// Figures of a group over all replicates, with standard errors from the influence of single
/// replicates (Hampel 1974): the spread, over the second half, of what each adds to a figure to first
/// order about the first half's moments. Near the floor, where the squared noise of a mean matters that
/// first order leaves out, the first half's own noise stands in for it: errors there are up to sqrt(2)
/// times the true ones, not smaller.
struct GroupStatistics {
  MeanAndError mean_norm;  // |E g|, the root of the debiased square
  MeanAndError variance;   // tr V
  MeanAndError snr;        // root of squared_snr, 0 where that is negative
  MeanAndError snr_norm;   // root of squared_snr_norm, 0 where that is negative
  MeanAndError dsnr;       // along the first half's mean
  MeanAndError cosine;
  double snr_floor;  // 1 / sqrt(R): where |mean| / sd ends without debiasing
};

/// Fewer replicates than these in the second half tell no standard error.
inline constexpr double least_for_errors = 16;

class GroupSummary {
 public:
  /// Of the parameters in `ranges`, from the moments of the first half; `own` and `reference` (for the
  /// cosine; null for none) hold them.
  GroupSummary(Ranges ranges, const GradientMoments& half, std::shared_ptr<const HeldMoments> own,
               std::shared_ptr<const HeldMoments> reference);

  /// What one replicate of the second half adds to the figures, but for constants.
  struct Scores {
    double squared_norm, variance, squared_snr, squared_snr_norm, cosine;
    double directional, directional_of_part;  // DirectionalSnr::ratio
    std::size_t part;
  };
  /// Of a gradient [P] and the reference's of the same draws; `part` is the part of the first half on
  /// whose direction it is put too. May run on several threads.
  template <class T>
  Scores scores(std::span<const T> gradient, std::span<const T> reference, std::size_t part) const;
  void add(const Scores& scores);

  /// From the moments of all replicates of both halves.
  GroupStatistics result(const GradientMoments& all,
                         const GradientMoments* reference = nullptr) const;

 private:
  Ranges ranges_;
  std::shared_ptr<const HeldMoments> own_, reference_;
  GroupScalars half_;               // of the first half
  double replicates_;               // in it
  double norm_, reference_norm_;    // of its means
  std::vector<double> part_norms_;  // and of its parts' means
  RunningMean squared_norm_, variance_, squared_snr_, squared_snr_norm_, cosine_;
  DirectionalSnr dsnr_;
};

/// Is E g = E g_ref? From d_r = v.(g_r - g_ref,r) of paired replicates (common random numbers) with
/// a direction v that was fixed beforehand.
class BiasTest {
 public:
  /// A mean that is not above `rounding` is no difference: two ways to sum the same gradient differ
  /// in their last bits, always alike, and replicates enough would call that bias.
  explicit BiasTest(double rounding = 0) : rounding_(rounding) {}
  void add(double difference) { differences_.add(difference); }

  struct Result {
    double t;  // mean / standard error; 0 where the mean is rounding
    double p;  // two-sided, Student's t with n - 1 degrees of freedom
  };
  /// NaN for fewer than 2 replicates.
  Result result() const;

 private:
  double rounding_;
  RunningMean differences_;
};

/// How far rounding to float32 may move gradients with these moments within `ranges`: 8 units in the
/// last place of their root-mean-square length.
double rounding_of(const GradientMoments& moments, const Ranges& ranges);

}  // namespace nelbo::gradvar
