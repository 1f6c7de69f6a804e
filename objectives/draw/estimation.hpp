#pragma once
#include <string>

#include "models/posteriors/posterior.hpp"
#include "objectives/bounds/bound.hpp"
#include "objectives/draw/codes.hpp"

namespace nelbo {

/// How the gradients of a draw's bounds and expectations are estimated, where not by differentiating
/// them at the samples as they are: what a draw asks of the estimators of its objective
/// (estimators/choice.hpp makes one).
class Estimation {
 public:
  virtual ~Estimation() = default;

  /// Which derivative the model's densities have in z, in a pass that serves all groups at once.
  enum class Path {
    open,    // their own
    none,    // none
    weighed  // their own, times a weight of every sample: the draw's gate
  };
  virtual Path path() const = 0;
  /// Whether one backward pass serves all groups: the draw then holds nothing but one bound. Else the
  /// encoder has a pass of its own.
  virtual bool one_sweep() const = 0;

  /// The samples of noise [S, B, D].
  virtual PosteriorSample sample(const Posterior& q, Var noise) const = 0;
  /// Whether the samples have a derivative by which all that moves them is differentiated, also where the
  /// posterior's own have none.
  virtual bool moves_samples() const = 0;
  /// The bound of S samples, S its own, on each datum's log-weights: [B], nats.
  virtual Var bound(Draw& draw, const Bound& bound) const = 0;
  /// Whether it has the gradient of Draw::expectation() of codes that are not reparameterised.
  virtual bool has_expectations() const = 0;
  virtual Var expectation(Draw& draw, const PerCode& of) const = 0;
  /// What to do about a mean over samples that it does not give the gradient of.
  virtual std::string advice() const = 0;
};

}  // namespace nelbo
