#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "autodiff/tape.hpp"
#include "models/distributions/bernoulli.hpp"
#include "models/distributions/normal.hpp"
#include "models/distributions/one_hot_categorical.hpp"

namespace nelbo {

class LabelledPosterior;  // models/labels/labelled_posterior.hpp
class ProductPosterior;   // product_posterior.hpp

/// A sample with its own log-probability.
struct PosteriorSample {
  Var z;         // [S, B, D]
  Var log_prob;  // log Q(z_s|x), [S, B], nats
  /// Records grad_z log Q(z|x) at the sample, [S, B, D], as data: of a family that knows it along the
  /// way that the sample took and log Q of no other codes, or of those at a price (a flow). Empty where
  /// log_prob(stop(z)) is at hand.
  std::function<Var()> score = {};
};

/// The encoder's Q(Z|x) of codes z [S, B, D], recorded on the current tape: Zheng eqs (7), (9), and
/// what may stand in its place. Of several layers z is the joint code [z1 z2 ..]. What not every
/// family has is null, or refuses by name.
class Posterior {
 public:
  virtual ~Posterior() = default;

  /// "normal", "bernoulli", for messages.
  virtual std::string family() const = 0;
  /// Whether samples are a differentiable function of parameters and noise.
  virtual bool has_rsample() const = 0;

  /// One sample for every row of `noise` [S, B, D], which is of the kind that the model's codes are
  /// made of. Reparameterised where has_rsample(), with log Q live through sample and parameters; else
  /// no gradient flows through z, and log Q is that of z as a fixed value. A family that has only one
  /// of a sample and its density at hand (a flow) computes both in one pass here.
  virtual PosteriorSample draw(Var noise) const = 0;
  /// log Q(z|x) of any codes, [S, B], nats. Throws Error for a family that knows it of its own samples
  /// only. Its gradient passes to parameters and to all of z, also where a later layer's density reads
  /// what an earlier one drew: an estimator takes the path's part of the gradient of log Q, which stl and
  /// dreg weight apart, as what log_prob() of the sample has more than log_prob() of stop(sample), or as
  /// score . z where a sample comes with its score.
  virtual Var log_prob(Var z) const = 0;
  /// Its summands by the model's layers, each given what it depends on: log Q(z1|x), log Q(z2|z1), ..., [S,
  /// B] each, nats. log_prob() alone unless overridden.
  virtual std::vector<Var> log_prob_by_layer(Var z) const { return {log_prob(z)}; }
  /// E[Z|x], [.., D], or what stands for it where it has no closed form: the code of noise 0.
  virtual Var expectation() const = 0;
  /// The most probable code, [.., D].
  virtual Var mode() const { return expectation(); }
  /// H[Q(Z|x)], [B], nats. Throws Error where it has no closed form.
  virtual Var entropy() const;

  // Families, null where it is another
  // ------------------------------------------------------------------------------------------
  virtual const Normal* normal() const { return nullptr; }
  virtual const Bernoulli* binary() const { return nullptr; }
  virtual const OneHotCategorical* categorical() const { return nullptr; }
  virtual const LabelledPosterior* labelled() const { return nullptr; }
  virtual const ProductPosterior* product() const { return nullptr; }

  /// Codes between the discrete ones, from the noise that draw() makes those of, to which they tend as
  /// `temperature` (> 0) goes to 0: through them gradients pass. Throws Error where there are none.
  virtual Var relaxed_sample(Var noise, double temperature) const;

  /// What to do where a normal is needed and this is none: for messages.
  virtual std::string instead_of_normal() const { return "choose the posterior diagonal"; }
  /// normal(). Throws Error saying that `what` ("hagg") needs one where it is null.
  const Normal& normal(const std::string& what) const;
  /// The same of a normal with diagonal covariance.
  const DiagNormal& diagonal(const std::string& what) const;
  /// The diagonal normal, its parameters of equal shapes, or null.
  const DiagNormal* diagonal() const;
};

/// "a bernoulli posterior has no reparameterised samples: ..." and what to do about it.
std::string no_rsample(const std::string& family);

/// The posteriors that are one distribution. Parameters [B, D] or [S, B, D], or of a normal one of
/// them [D], alike for all data; logits [B, L, K] of one-hot rows.
std::shared_ptr<const Posterior> posterior_of(const Normal& q);
std::shared_ptr<const Posterior> posterior_of(const Bernoulli& q);
std::shared_ptr<const Posterior> posterior_of(const OneHotCategorical& q);

}  // namespace nelbo
