#pragma once
#include <cstddef>
#include <vector>

#include "lab/statistics/mean_and_error.hpp"

namespace nelbo::gradvar {

/// E[|u.g| / |g - (u.g) u|], the directional signal-to-noise ratio of Rainforth et al. (2018), eq.
/// (12). The direction u must come from other replicates than those added, or the noise of its own
/// mean counts as signal.
///
/// Where noise hides the signal, u is as random as it, and what ratio a study finds depends on what u
/// it happened to find. So each replicate is also put on the direction of one of several parts of the
/// replicates that u is the mean of: how far the parts' means lie apart tells how far studies do.
class DirectionalSnr {
 public:
  explicit DirectionalSnr(std::size_t parts) : of_parts_(parts) {}

  /// |u.g| / |g - (u.g) u| from u.g and |g|^2: infinity where nothing lies across, NaN for g = 0,
  /// which has no direction.
  static double ratio(double along, double squared_norm);

  /// Takes the ratio of one replicate on u, and on the direction of a part.
  void add(double ratio, std::size_t part, double ratio_of_part);
  double count() const { return ratios_.count(); }
  /// `noise_share`: the variance of u over that of a part's direction, 1 / parts where the signal is
  /// strong and 1 where there is none. NaN where a gradient has nothing across the direction (one
  /// parameter), or nothing was added.
  MeanAndError result(double noise_share) const;

 private:
  RunningMean ratios_;
  std::vector<RunningMean> of_parts_;
};

}  // namespace nelbo::gradvar
