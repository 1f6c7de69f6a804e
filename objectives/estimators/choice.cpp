#include "objectives/estimators/choice.hpp"

#include <algorithm>

#include "autodiff/error.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/draw/estimate_bound.hpp"
#include "objectives/estimators/estimate_op.hpp"
#include "objectives/estimators/estimators.hpp"

namespace nelbo {

std::string EstimatorChoice::text() const {
  std::string coupled;
  if (coupling != own_coupling()) coupled.append("+").append(to_string(coupling));
  if (phi == theta) return phi.text() + coupled;
  return "phi=" + phi.text() + ",theta=" + theta.text() + coupled;
}

// Where it is defined
// ------------------------------------------------------------------------------------------------

void EstimatorChoice::check(const Bound& bound) const {
  phi.check(bound);
  theta.check(bound);
  const auto refuse = [&](const std::string& why) {
    if (!why.empty()) throw Error(text() + " is not defined for " + bound.text() + ": " + why);
  };
  if (!(phi == theta)) {
    refuse(phi.rule().indivisible());
    refuse(theta.rule().indivisible());
  }
  if (coupling == own_coupling()) return;
  if (own_coupling() != Coupling::independent) refuse("its samples are antithetic pairs already");
  refuse(phi.rule().uncoupled(bound, coupling));
  refuse(theta.rule().uncoupled(bound, coupling));
}

namespace {

bool normal_noise(const CodeSpace& space) {
  if (space.kind != CodeSpace::Kind::mixed) return space.noise() == Noise::normal;
  return std::all_of(space.blocks.begin(), space.blocks.end(), normal_noise);
}

}  // namespace

std::string EstimatorChoice::unfit(const CodeSpace& space) const {
  if (std::string why = phi.rule().unfit(space); !why.empty()) return why;
  // A rule that weights samples takes phi's, and theta has no path.
  if (!theta.weighted()) {
    if (std::string why = theta.rule().unfit(space); !why.empty()) return why;
  }
  if (!normal_noise(space) && coupling == Coupling::rqmc) {
    return text() +
           ": rqmc noise is for continuous codes that are made of normal noise; here they are " +
           space.text();
  }
  return "";
}

std::string EstimatorChoice::unfit(const Bound& bound, const Model& model, bool one_sweep) const {
  try {
    check(bound);
  } catch (const Error& error) {
    return error.what();
  }
  if (std::string why = unfit(model.codes()); !why.empty()) return why;
  if (std::string why = phi.rule().lacks(model); !why.empty()) return why;
  const bool reaches = phi.weighted() && phi.weighted()->reaches_decoder();
  if (model.prior_moves_encoder() && !plain() && !one_sweep && !reaches) {
    return "the estimator " + text() + " for '" + bound.text() +
           "' has a sweep of its own for the encoder, and a prior that shares parameters with it "
           "(vamp, ladder2) would be reached by the wrong one; use reparam with it, or for the "
           "estimator the prior normal, or burda2";
  }
  return "";
}

bool EstimatorChoice::one_sweep(const Bound& bound) const {
  const WeightedRule *const of_phi = phi.weighted(), *const of_theta = theta.weighted();
  if (of_phi == nullptr || of_theta == nullptr) {
    return phi == theta && phi.rule().one_sweep(bound);
  }
  const WeightedRule::Properties& of = of_phi->properties();
  if (of.path == Estimator::Path::none) return !of_phi->reaches_decoder();
  if (of.other_decoder || of_theta->properties().other_decoder) return false;
  return of.path == Estimator::Path::decoder || bound.bounded_curvature();
}

bool EstimatorChoice::plain() const {
  const WeightedRule *const of_phi = phi.weighted(), *const of_theta = theta.weighted();
  if (of_phi == nullptr || of_theta == nullptr) return false;
  const WeightedRule::Properties& of = of_phi->properties();
  return of.path == Estimator::Path::decoder && of.score == Estimator::Score::total &&
         !of_theta->properties().other_decoder;
}

std::string on_samples(const Bound& bound, const std::string& name, Coupling coupling) {
  if (coupling == Coupling::independent || bound.is_elbo()) return name;
  return name + (coupling == Coupling::antithetic ? " on antithetic pairs" : " on Sobol' points");
}

// What is recorded
// ------------------------------------------------------------------------------------------------
namespace {

/// By one estimator, for the encoder's groups or the others: of one that weights samples those take the
/// decoder's weights alone, and what it learns for the encoder is not at hand.
Var record(const Estimator& estimator, Draw& draw, const Bound& bound, bool of_encoder) {
  static const Estimator samples = estimators::score();
  if (of_encoder || !estimator.weighted()) return estimator.rule().record(draw, bound);
  return record_weighted(draw, bound, *samples.weighted(), *estimator.weighted());
}

class ChosenEstimation final : public Estimation {
 public:
  ChosenEstimation(const EstimatorChoice& choice, bool one_sweep)
      : choice_(choice), one_sweep_(one_sweep) {}

  Path path() const override {
    const WeightedRule* const rule = choice_.phi.weighted();
    const auto of = rule ? rule->properties().path : WeightedRule::Path::decoder;
    return of == WeightedRule::Path::decoder ? Path::open
           : of == WeightedRule::Path::none  ? Path::none
                                             : Path::weighed;
  }
  bool one_sweep() const override { return one_sweep_; }
  PosteriorSample sample(const Posterior& q, Var noise) const override {
    return choice_.phi.rule().sample(q, noise);
  }
  bool moves_samples() const override { return choice_.phi.rule().moves_samples(); }
  Var bound(Draw& draw, const Bound& bound) const override {
    const Estimator &phi = choice_.phi, &theta = choice_.theta;
    if (std::string why = choice_.unfit(bound, draw.model(), one_sweep_); !why.empty()) {
      throw Error(why);
    }
    if (phi == theta) return phi.rule().record(draw, bound);
    if (phi.weighted() && theta.weighted()) {
      return record_weighted(draw, bound, *phi.weighted(), *theta.weighted());
    }
    // The samples' value, and behind it the gradient of each.
    Var value = stop(sampled_bound(draw, bound));
    const Groups encoder = draw.model().encoder();
    for (const auto& [estimator, groups] :
         {std::pair{theta, Groups(~encoder)}, std::pair{phi, encoder}}) {
      const Var own = only(record(estimator, draw, bound, groups == encoder), groups);
      const Var one = Tape::current().leaf(Tensor::full({1, draw.batch()}, 1, draw.dtype()));
      value = carry(value, reshape(own, {1, draw.batch()}), one);
    }
    return value;
  }
  bool has_expectations() const override { return choice_.phi.rule().has_expectations(); }
  Var expectation(Draw& draw, const PerCode& of) const override {
    return choice_.phi.rule().expectation(draw, of);
  }
  std::string advice() const override {
    if (has_expectations()) return "a term takes its mean over them with Draw::expectation()";
    return choice_.text() +
           " gives that of bounds alone; use score, rloo or enumeration, or a bound such as "
           "elbo(mc) or iw(m)";
  }

 private:
  EstimatorChoice choice_;
  bool one_sweep_;
};

}  // namespace

std::shared_ptr<const Estimation> EstimatorChoice::estimation(bool one_sweep) const {
  return std::make_shared<const ChosenEstimation>(*this, one_sweep);
}

}  // namespace nelbo
