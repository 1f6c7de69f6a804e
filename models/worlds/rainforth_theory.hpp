#pragma once
#include <cmath>
#include <cstdint>
#include <optional>

#include "models/worlds/rainforth.hpp"

namespace nelbo {

/// How a gradient of IW_m is estimated from weights w~_s = w_s / sum w. For theta all are one: each
/// draw's gradient of log P(x, z) weighted with w~.
enum class ToyEstimator {
  reparam,  // w~ d log w / dphi, pathwise; Burda et al. (2016)
  stl,      // w~ d log w / dz dz/dphi, the density's parameters stopped; Roeder et al. (2017)
  dreg,     // w~^2 of the same; Tucker et al. (2018)
  wake      // w~ d log Q(z|x) / dphi at fixed z, wake-phi; Bornschein and Bengio (2015)
};

enum class ToyGroup {
  phi,   // the encoder's b
  theta  // the prior's mean mu
};

/// The gradient of one coordinate, in the direction in which the bound rises.
struct ToyGradient {
  double mean, variance;
  bool exact;  // else leading order in 1/m: mean and variance within 2 % for m >= 256 at the
               // default config (DReG's variance 5 %), further off below

  /// |mean| / standard deviation; NaN for 0 / 0.
  double snr() const { return std::fabs(mean) / std::sqrt(variance); }
};

/// What the gradient estimators do on the Rainforth toy where it starts, in the toy's own terms:
/// y = z - (x + mu)/2 is a coordinate of z less its posterior mean, r = P(z|x) / Q(z|x).
class RainforthTheory {
 public:
  /// Throws Error as RainforthToy does.
  explicit RainforthTheory(const RainforthConfig& config);

  /// log P(x), nats.
  double log_evidence() const;
  /// KL(Q(Z|x) || P(Z|x)) = log P(x) - ELBO(x), nats; Zheng eq. (12).
  double gap() const;
  /// P_k = E_Q r^k over all D coordinates; infinite unless 1 + k (2 s^2 - 1) > 0.
  double weight_moment(int k) const;

  /// The average of k independent gradients of IW_m; m = 1 is the ELBO with k draws. Exact there,
  /// for larger m leading order in 1/m (Rainforth et al. 2018, theorem 1; Tucker et al. 2018).
  /// Nothing where the weights' moments do not exist (DReG's needs P_4, the others' P_2). Throws
  /// Error if m or k is below 1.
  std::optional<ToyGradient> gradient(ToyEstimator estimator, ToyGroup group, std::int64_t m,
                                      std::int64_t k = 1) const;

  /// d log SNR / d log m as m grows. For phi, stl and wake have signal left because they are
  /// biased: their mean tends to -delta / s^2 and not to 0. Nothing where there is no signal or no
  /// noise.
  std::optional<double> slope_in_m(ToyEstimator estimator, ToyGroup group) const;
  /// d log SNR / d log k, of all.
  static constexpr double slope_in_k = 0.5;

 private:
  struct Tilted;
  struct Statistic;
  std::optional<Tilted> tilted(int k) const;
  Statistic statistic(ToyEstimator estimator, ToyGroup group) const;

  RainforthConfig config_;
};

}  // namespace nelbo
