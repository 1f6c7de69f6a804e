#pragma once
#include <string>
#include <variant>

#include "models/distributions/bernoulli.hpp"
#include "models/distributions/normal.hpp"
#include "models/distributions/one_hot_categorical.hpp"

namespace nelbo {

/// A sample with its own log-probability.
struct PosteriorSample {
  Var z;         // [S, B, D]
  Var log_prob;  // log Q(z_s|x), [S, B]
};

/// "a bernoulli posterior has no reparameterised samples: ..." and what to do about it.
std::string no_rsample(const std::string& family);

/// The encoder's Q(Z|x), normal or discrete, of codes z [S, B, D].
class Posterior {
 public:
  Posterior(const Normal& q) : kind_(q) {}
  Posterior(const Bernoulli& q) : kind_(q) {}
  Posterior(const OneHotCategorical& q) : kind_(q) {}

  /// "normal", "bernoulli" or "categorical", for messages.
  const char* family() const;
  bool has_rsample() const;
  /// What its samples are made of.
  Noise noise() const;
  /// The normal. Throws Error saying that `what` ("hagg") needs one where it is discrete.
  const Normal& normal(const std::string& what) const;
  /// The same of a normal with diagonal covariance.
  const DiagNormal& diagonal(const std::string& what) const { return normal(what).diagonal(what); }
  /// Calls f with the Normal, Bernoulli or OneHotCategorical.
  template <class F>
  auto visit(F&& f) const {
    return std::visit(f, kind_);
  }

  /// One sample per number of `noise` [S, B, D], which is of the family's kind. Reparameterised
  /// where the family is; else no gradient flows through z, and log_prob is that of z as a fixed
  /// value, live in the parameters.
  PosteriorSample draw(Var noise) const;
  /// Throws Error for a family whose samples no gradient passes through.
  Var rsample(Var noise) const;
  Var sample(Var noise) const;
  /// Codes between the discrete ones, from the noise that sample() makes those of, to which they
  /// tend as `temperature` (> 0) goes to 0: through them gradients pass. Throws Error for a normal
  /// family.
  Var relaxed_sample(Var noise, double temperature) const;
  Var log_prob(Var z) const;
  Var entropy() const;
  /// E[Z|x], [.., D]: means or probabilities.
  Var expectation() const;
  /// The most probable code, [.., D].
  Var mode() const;
  Posterior detached() const;

 private:
  std::variant<Normal, Bernoulli, OneHotCategorical> kind_;
};

}  // namespace nelbo
