#pragma once
#include "models/likelihoods/likelihood.hpp"

namespace nelbo {

/// Pixels k / 255: a logistic variable rounded to the nearest of them (discretized_logistic.hpp), or a
/// mixture of K of these for every feature; Salimans et al. (2017), "PixelCNN++", whose components are
/// shared by channels, here they are not. The output is [means, log-scales], of a mixture [K logits, K
/// means, K log-scales], of X numbers each. Every component starts at the greatest likelihood of one for
/// the feature's pixels, of which 0.001 are taken to be equally frequent (a constant feature has no scale).
class DiscretisedLogisticLikelihood final : public Likelihood {
 public:
  /// Throws Error for fewer than 1 component.
  explicit DiscretisedLogisticLikelihood(std::int64_t components);

  std::string text() const override;
  bool is_mass() const override { return true; }
  Support support() const override { return {.least = 0, .greatest = 1, .levels = true}; }
  std::int64_t outputs() const override { return components_ == 1 ? 2 : 3 * components_; }
  Var log_prob(Var output, Var x) const override;
  Var mean(Var output) const override;
  Var sample(Var output, Var noise) const override;
  Noise noise() const override { return Noise::uniform; }
  /// The shares of the 256 pixels.
  std::int64_t statistics() const override { return 256; }
  void add_statistics(double x, double* sums) const override;
  Tensor output_start(const DataMoments& moments) const override;

 private:
  Var means(Var output) const;
  Var log_scales(Var output) const;
  Var log_weights(Var output) const;
  /// `count` blocks of an output [.., P X] from number `first` on: [.., count, X].
  Var blocks(Var output, std::int64_t first, std::int64_t count) const;

  std::int64_t components_;
};

}  // namespace nelbo
