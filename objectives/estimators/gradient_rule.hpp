#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/coupled_noise.hpp"
#include "models/model.hpp"
#include "objectives/bounds/bound.hpp"
#include "objectives/draw/auxiliary.hpp"
#include "objectives/draw/codes.hpp"

namespace nelbo {

class WeightedRule;  // estimators/weighted_rule.hpp

/// How the gradient of a bound is estimated, and what this says of itself: one subclass, in one file,
/// for every way that is no weighting of samples; those are weighted_rule.hpp's. The value that is
/// reported does not depend on it, unless it says so. Immutable.
class GradientRule : public std::enable_shared_from_this<GradientRule> {
 public:
  struct About {
    std::string text;     // as it is written: "vimco(geometric)"
    std::string formula;  // its weights: "path a_s - h_s, score 0"
    std::string meaning;  // half a line for people
    std::string source;   // paper
  };
  explicit GradientRule(About about) : about_(std::move(about)) {}
  virtual ~GradientRule() = default;

  const About& about() const { return about_; }
  const std::string& text() const { return about_.text; }

  // Where it is defined, and for what it is right: empty where it is
  // ------------------------------------------------------------------------------------------
  /// Why it is not defined for a bound.
  virtual std::string undefined(const Bound&) const { return ""; }
  /// What its expectation for phi is, where that is not the gradient of E L.
  virtual std::string bias(const Bound&) const { return ""; }
  /// Why it cannot be had of such codes.
  virtual std::string unfit(const CodeSpace&) const { return ""; }
  /// What a model of such codes lacks.
  virtual std::string lacks(const Model&) const { return ""; }
  /// Why it cannot be some groups' alone.
  virtual std::string indivisible() const { return ""; }
  /// Whether it gives no sample of a datum a weight of its own, so that terms of a whole batch may be in log P(x|z).
  virtual bool of_batches() const { return false; }
  /// Why its samples cannot be coupled.
  virtual std::string uncoupled(const Bound&, Coupling) const { return ""; }
  /// The same as bias() of expectation()'s gradient.
  virtual std::string bias_of_expectations() const { return ""; }

  // Of the groups besides the encoder's
  // ------------------------------------------------------------------------------------------
  /// Whether it is right for them.
  virtual bool unbiased_for_decoder() const { return true; }
  /// Whether they get the bound's own derivatives at the samples, as other such rules give them.
  virtual bool samples_decoder(const Model&) const { return false; }

  // What is recorded
  // ------------------------------------------------------------------------------------------
  /// Whether it is without noise, of such codes.
  virtual bool exact(const CodeSpace&) const { return false; }
  /// Whether one backward pass serves all groups, of one bound alone.
  virtual bool one_sweep(const Bound&) const { return true; }
  /// Whether its samples have a derivative by which all that moves them is differentiated, also where the
  /// posterior's own have none.
  virtual bool moves_samples() const { return false; }
  /// The coupling that its samples have.
  virtual Coupling coupling() const { return Coupling::independent; }
  /// What learns beside the model for it, of the encoder's rule.
  virtual std::vector<Auxiliary> auxiliaries() const { return {}; }
  /// The samples of noise [S, B, D].
  virtual PosteriorSample sample(const Posterior& q, Var noise) const { return q.draw(noise); }
  /// The bound of a draw's first S samples, [B], whose gradient for every group is the estimate.
  virtual Var record(Draw& draw, const Bound& bound) const = 0;
  /// Whether it has a gradient of expectations besides the bounds'.
  virtual bool has_expectations() const { return false; }
  /// Draw::expectation() for codes that are not reparameterised. Throws Error where it has none.
  virtual Var expectation(Draw& draw, const PerCode& of) const;

  /// Itself where it weights samples, or null.
  virtual const WeightedRule* weighted() const { return nullptr; }

 private:
  About about_;
};

/// Why a rule for discrete codes is not for others; `instead`: what is for those of a normal posterior.
std::string for_discrete_codes(const std::string& text, const CodeSpace& codes,
                               const std::string& instead);
/// Why a rule that differentiates through samples is not for codes that are not smooth; empty for others.
std::string for_smooth_codes(const std::string& text, const CodeSpace& codes);

}  // namespace nelbo
