#pragma once
#include <memory>
#include <string>

#include "autodiff/parameters.hpp"
#include "autodiff/tape.hpp"
#include "models/data_moments.hpp"
#include "models/distributions/distribution.hpp"
#include "models/likelihoods/support.hpp"

namespace nelbo {

/// How P(X|z) scatters about the decoder's output, P numbers per feature in blocks one after the other:
/// [S, B, P X], where p X + x is parameter p of feature x. Immutable. What records does so on the current
/// tape.
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

  /// Whether in training log P(x|z) of a datum has a parameter of its whole batch, so that it is no
  /// weight of its own: bounds but the ELBO's, and estimators that weigh samples, refuse it there.
  virtual bool of_batch() const { return false; }
  /// P.
  virtual std::int64_t outputs() const { return 1; }
  /// log P(x|z) of the decoder's output [S, B, P X] and x [B, X], in nats: [S, B].
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

  /// What output_start() wants to know of the training data beside mean and variance: how many numbers
  /// of each value, whose means over the data are DataMoments::statistics.
  virtual std::int64_t statistics() const { return 0; }
  /// Adds those numbers of a value x to sums [statistics()].
  virtual void add_statistics(double /*x*/, double* /*sums*/) const {}
  /// Where the decoder's output starts, of the moments of X features or of X channels: [P X], f64, what
  /// is best when z says nothing. Throws Error for moments that its data cannot have.
  virtual Tensor output_start(const DataMoments& moments) const = 0;
  /// The same likelihood with parameters of its own, declared in `store` as group "theta"; null where
  /// it has none. X features; the moments are empty where parameters come from a file.
  virtual std::shared_ptr<const Likelihood> declared(ParameterStore& store, std::int64_t features,
                                                     const DataMoments& moments) const;

 protected:
  /// Parameter p of every feature, [.., X], of an output [.., P X].
  Var parameter(Var output, std::int64_t p) const;
};

}  // namespace nelbo
