#include "objectives/draw/estimate_bound.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "objectives/bounds/bound_op.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/estimators/baseline.hpp"
#include "objectives/estimators/disarm.hpp"
#include "objectives/estimators/dream.hpp"
#include "objectives/estimators/enumeration.hpp"
#include "objectives/estimators/estimate_op.hpp"
#include "objectives/estimators/relaxed.hpp"

namespace nelbo {
namespace {

/// A bound of a draw, with the gradient that its estimation says.
class Estimate {
 public:
  Estimate(Draw& draw, const Bound& bound)
      : draw_(draw),
        bound_(bound),
        estimation_(*draw.estimation()),
        phi_(estimation_.estimators.phi),
        theta_(estimation_.estimators.theta),
        of_(phi_.properties()),
        encoder_(draw.model().encoder()) {}

  Var record() {
    if (of_.exact_div) return mean(draw_.log_likelihood(), 0) - draw_.kl();
    if (estimation_.one_sweep && phi_.elsewhere()) {
      const Var other = elsewhere(phi_);
      if (of_.codes == Estimator::Codes::all) return other;
      return straight_through(bound_value(bound_, first(draw_.log_weights())), other);
    }
    return weighed();
  }

 private:
  /// The bound's share [S, B] of [samples(), B].
  Var first(Var x) const {
    const std::int64_t needed = bound_.samples();
    return draw_.samples() == needed ? x : slice(x, 0, 0, needed);
  }

  /// The bound [B] where an estimator differentiates it elsewhere than at the samples.
  Var elsewhere(const Estimator& estimator) {
    const Estimator::Properties& of = estimator.properties();
    const auto log_joint = [&](Var z) {
      return draw_.model().log_likelihood(z, draw_.data()) + draw_.prior().log_prob(z);
    };
    if (of.codes == Estimator::Codes::relaxed) {
      const Var noise = slice(draw_.noise(), 0, 0, bound_.samples());
      return estimators::relaxed_bound(bound_, draw_.posterior(), noise, of.temperature, log_joint);
    }
    return draw_.once("exact elbo", [&] {
      const Tensor codes = estimators::all_codes(draw_.model().codes(), draw_.dtype());
      return estimators::exact_elbo(draw_.posterior(), codes, draw_.batch(), log_joint);
    });
  }

  /// log Q of the samples as fixed values, [S, B].
  Var log_posterior_at_fixed_z() {
    return draw_.once("log_posterior at fixed z", [&] {
      const bool fixed = !Tape::current().differentiable(draw_.z());
      return fixed ? draw_.log_posterior() : draw_.posterior().log_prob(stop(draw_.z()));
    });
  }

  /// log Q(z|x) of a datum that the model dreams, [1, B].
  Var dream_log_posterior() {
    return draw_.once("dream_log_posterior", [&] {
      const Model& model = draw_.model();
      const std::int64_t batch = draw_.batch(), features = draw_.x().shape()[1];
      const Noise kind = model.likelihood()->noise();
      const Var code = reshape(draw_.prior_sample(), {1, batch, draw_.latent()});
      const Var noise =
          draw_.input("dream", {batch, features}, [=](const Tensor& data, const Moment& moment) {
            fill_noise(kind, data.reshape({1, batch, features}),
                       moment.block(moment.variables.dream));
          });
      return estimators::dream_log_posterior(model, code, noise, draw_.data().condition);
    });
  }

  /// The gate of the draw stands where its densities were taken: ask for them first.
  Var weighed() {
    std::optional<Var> baseline;
    if (of_.baseline != Estimator::Baseline::none) {
      baseline = draw_.once("baseline",
                            [&] { return draw_.network(baseline_group, of_.text)(draw_.x()); });
    }
    const Var f = first(draw_.log_weights());
    const EstimateVars w =
        nelbo::estimate(bound_, estimation_.estimators, f, baseline, draw_.gate());
    if (baseline) draw_.learn(baseline_group, baseline_loss(w.value, *baseline));

    Var value = w.value;
    const bool path = of_.path != Estimator::Path::none;
    for (const Var& log_p : {first(draw_.log_likelihood()), first(draw_.log_prior())}) {
      if (estimation_.one_sweep) {
        value = carry(value, log_p, w.decoder);
        continue;
      }
      if (!theta_.elsewhere()) value = carry(value, only(log_p, ~encoder_), w.decoder);
      if (path) value = carry(value, only(log_p, encoder_), w.path);
    }
    const auto share = [&](double of_each) {
      return Tape::current().leaf(Tensor::full({1, draw_.batch()}, of_each, f.dtype()));
    };
    for (const auto& [estimator, groups] :
         {std::pair{theta_, Groups(~encoder_)}, std::pair{phi_, encoder_}}) {
      if (!estimator.elsewhere()) continue;
      const Var other = only(elsewhere(estimator), groups);
      value = carry(value, reshape(other, {1, draw_.batch()}), share(1));
    }
    if (path) value = carry(value, first(draw_.log_posterior()), w.path, -1);
    if (of_.codes == Estimator::Codes::pairs) {
      value = carry(value, estimators::flips(draw_.posterior(), first(draw_.z())), w.direct);
      value = carry(value, first(log_posterior_at_fixed_z()), w.decoder, -1);
    } else if (of_.score == Estimator::Score::own) {
      value = carry(value, first(log_posterior_at_fixed_z()), w.direct);
    }
    if (of_.sleep > 0) value = carry(value, dream_log_posterior(), share(of_.sleep));
    return value;
  }

  Draw& draw_;
  const Bound& bound_;
  const Estimation& estimation_;
  const Estimator &phi_, &theta_;
  const Estimator::Properties& of_;
  Groups encoder_;
};

}  // namespace

std::string unfit(const EstimatorChoice& estimators, const Bound& bound, const Model& model,
                  bool one_sweep) {
  try {
    estimators.check(bound);
  } catch (const Error& error) {
    return error.what();
  }
  if (std::string why = estimators.unfit(model.codes()); !why.empty()) return why;
  const Estimator::Properties& phi = estimators.phi.properties();
  if (phi.sleep > 0 && model.likelihood() == nullptr) {
    return "sleep-phi dreams data, which this model gives no way to; use wake_sleep(wake=1)";
  }
  if (model.prior_moves_encoder() && !estimators.plain() && !one_sweep) {
    return "the estimator " + estimators.text() + " for '" + bound.text() +
           "' sweeps the model twice, and a prior that is made of the encoder's posteriors (vamp) "
           "would be reached by the wrong one; use another prior, or a single bound such as iw(m)";
  }
  return "";
}

Var estimate(Draw& draw, const Bound& wanted) {
  const bool mean = wanted.samples() == 1 && draw.samples() > 1;
  const Bound bound = mean ? bounds::mc(draw.samples(), wanted) : wanted;
  const std::int64_t needed = bound.samples();
  if (draw.samples() < needed) {
    throw Error(bound.text() + " needs " + std::to_string(needed) +
                " samples per datum, the draw has " + std::to_string(draw.samples()));
  }
  if (!draw.estimation()) {
    const Var f = draw.log_weights();
    return bound_value(bound, draw.samples() == needed ? f : slice(f, 0, 0, needed));
  }
  const Estimation& estimation = *draw.estimation();
  const std::string why = unfit(estimation.estimators, bound, draw.model(), estimation.one_sweep);
  if (!why.empty()) throw Error(why);
  return Estimate(draw, bound).record();
}

}  // namespace nelbo
