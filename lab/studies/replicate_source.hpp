#pragma once
#include <cstddef>
#include <cstdint>

#include "autodiff/random_variables.hpp"
#include "autodiff/tensor.hpp"

namespace nelbo::gradvar {

/// What a study draws its gradients from: one batch and several estimators, replicate after
/// replicate. One thread at a time.
class ReplicateSource {
 public:
  virtual ~ReplicateSource() = default;

  /// Draws replicate r and computes every gradient. Noise has the address (variable, seed, step r,
  /// datum, sample): equal r give equal noise whatever is studied, by which estimators and on which
  /// thread.
  virtual void replicate(const DrawVariables& of, std::uint64_t seed, std::uint64_t r) = 0;
  /// The bound of the last replicate, mean over the data, nats: what baseline(mean) follows.
  virtual double value() const = 0;
  /// What baseline(mean) takes from L, nats.
  virtual void set_mean_baseline(double mean) = 0;

  /// The gradient of the encoder's groups by estimator i, as a buffer of the store's layout.
  virtual const Tensor& encoder_gradient(std::size_t i) const = 0;
  /// The gradient of all other groups by a set of decoder weights.
  virtual const Tensor& decoder_gradient(std::size_t weights) const = 0;
  /// Which decoder weights estimator i has: estimators that have the same share a number.
  virtual std::size_t decoder_weights_of(std::size_t i) const = 0;

  /// Seconds of all replicates so far that estimator i would have taken alone.
  virtual double seconds_of(std::size_t i) const = 0;
};

}  // namespace nelbo::gradvar
