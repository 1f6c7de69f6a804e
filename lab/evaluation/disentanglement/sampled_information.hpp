#pragma once
// I(z_d; v_k) of samples z ~ Q(Z|x) by the aggregated posterior itself: a mixture of the posteriors of
// all N points, Chen et al. (2018, appendix C.3). For a data set that is all there is, it has no bias.
#include <cstdint>
#include <vector>

#include "lab/evaluation/disentanglement/contingency.hpp"
#include "lab/evaluation/disentanglement/matrix.hpp"
#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

/// From the same samples: I(z_d; v_k) = mean_s log q(z_sd | v_k of s) - log q(z_sd), where q(z_d) is the
/// mixture of all points and q(z_d | v) that of the points with v_k = v. Sampling errors of the two
/// cancel, and values count by their frequency.
class SampledInformation {
 public:
  /// Of `samples` points, without replacement, one z each. The points must have variances.
  SampledInformation(const Points& points, std::size_t samples, std::uint64_t seed);

  std::size_t samples() const { return samples_; }
  /// Nats, [D, K]; negative estimates are 0. `weights` [samples()] of the samples.
  Matrix information(PointWeights weights = {}) const;

 private:
  std::size_t samples_, dimensions_, factors_;
  std::vector<float> log_ratio_;  // [samples, K, D]
};

/// As Chen et al. estimate it: I = H(z_d) - mean_v H(z_d | v_k = v), each entropy from `samples` points of
/// its own, or all where there are no more; all values of a factor count alike. A factor without
/// variation has information 0.
class ChenInformation {
 public:
  ChenInformation(const Points& points, std::size_t samples, std::uint64_t seed);

  /// Nats, [D, K]; negative estimates are 0.
  Matrix information() const;
  /// The same of a bootstrap replicate of every entropy's samples.
  Matrix information(std::uint64_t seed, std::size_t replicate) const;

 private:
  /// Log-densities of an entropy's samples, [n, D].
  struct Entropy {
    std::size_t factor;  // K: the marginal
    std::size_t samples;
    double share;  // of the factor's values
    std::vector<float> log_density;
  };
  Matrix combine(const std::vector<std::vector<std::uint32_t>>& weights) const;

  std::size_t dimensions_, factors_;
  std::vector<Entropy> entropies_;
};

}  // namespace nelbo::disentanglement
