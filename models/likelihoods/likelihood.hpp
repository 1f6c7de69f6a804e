#pragma once
#include <memory>
#include <string>

#include "autodiff/parameters.hpp"
#include "autodiff/tape.hpp"
#include "models/data_moments.hpp"
#include "models/distributions/distribution.hpp"
#include "models/likelihoods/support.hpp"

namespace nelbo {

/// How P(X|z) scatters about the decoder's output, one number per feature: [S, B, X]. Immutable. What
/// records does so on the current tape.
class Likelihood {
 public:
  virtual ~Likelihood() = default;

  /// As it is written: "bernoulli", "normal:learned".
  virtual std::string text() const = 0;
  /// Whether P(x|z) is a probability, not a density: data of such a likelihood have an entropy H_data
  /// that bounds Nell from below (Zheng eq. (31)).
  virtual bool is_mass() const = 0;
  /// The values that x may have; data with others are refused. All numbers unless overridden.
  virtual Support support() const { return {}; }

  /// log P(x|z) of the decoder's output [S, B, X] and x [B, X], in nats: [S, B].
  virtual Var log_prob(Var output, Var x) const = 0;
  /// log P(x_i|z) of every feature, whose sum log_prob() is: [S, B, X], nats. What data with missing
  /// entries need. Throws Error for a likelihood of features that are no factors, and unless overridden.
  virtual Var feature_log_prob(Var output, Var x) const;
  /// Whether log_prob() is of the observed entries of x, and NaN is one that is missing.
  virtual bool of_observed() const { return false; }
  /// E[X|z] on the scale of the data, [S, B, X].
  virtual Var mean(Var output) const = 0;
  /// Data drawn from P(X|z), [S, B, X], of noise [S, B, X] or [B, X] of the kind noise(). No gradient
  /// flows.
  virtual Var sample(Var output, Var noise) const = 0;
  virtual Noise noise() const = 0;

  /// Where the decoder's output starts, given the training mean of every output [..]: what is best when
  /// z says nothing. f64. Throws Error for a mean that it cannot have.
  virtual Tensor output_start(const Tensor& mean) const = 0;
  /// How far outputs scatter about output_start over the data, [X]: where learned outputs start
  /// (VampPrior's pseudo-inputs). 1 unless overridden.
  virtual Tensor output_deviation(const DataMoments& moments) const;
  /// The same likelihood with parameters of its own, declared in `store` as group "theta"; null where
  /// it has none. X features; the moments are empty where parameters come from a file.
  virtual std::shared_ptr<const Likelihood> declared(ParameterStore& store, std::int64_t features,
                                                     const DataMoments& moments) const;
};

}  // namespace nelbo
