#include "objectives/estimators/choice.hpp"

#include <optional>

#include "autodiff/error.hpp"
#include "models/posteriors/posterior.hpp"
#include "objectives/estimators/enumeration.hpp"
#include "objectives/estimators/estimators.hpp"

namespace nelbo {

std::string EstimatorChoice::text() const {
  std::string coupled;
  if (coupling != own_coupling()) coupled.append("+").append(to_string(coupling));
  if (phi.text() == theta.text()) return phi.text() + coupled;
  return "phi=" + phi.text() + ",theta=" + theta.text() + coupled;
}

void EstimatorChoice::check(const Bound& bound) const {
  phi.check(bound);
  theta.check(bound);
  const auto refuse = [&](const std::string& why) {
    throw Error(text() + " is not defined for " + bound.text() + ": " + why);
  };
  if (phi.properties().exact_div != theta.properties().exact_div) {
    refuse("Div is in closed form for all groups or for none; write reparam(exact) alone");
  }
  if (coupling == own_coupling()) return;
  if (own_coupling() != Coupling::independent) refuse("its samples are antithetic pairs already");
  for (const Estimator& estimator : {phi, theta}) {
    if (estimator.properties().independent) {
      refuse(estimator.text() + " compares samples that must be independent; use " +
             to_string(coupling) + " noise with reparam");
    }
    const Estimator::Properties& of = estimator.properties();
    if (of.path == Estimator::Path::decoder && of.codes == Estimator::Codes::samples &&
        !estimator.unbiased(bound)) {
      refuse(to_string(coupling) + " noise goes with " + estimator.text() + " for the ELBO only");
    }
  }
}

Coupling EstimatorChoice::own_coupling() const {
  const bool pairs = phi.properties().codes == Estimator::Codes::pairs;
  return pairs ? Coupling::antithetic : Coupling::independent;
}

namespace {

/// Why an estimator's codes are not these.
std::string unfit_codes(const Estimator& estimator, const CodeSpace& space) {
  using Codes = Estimator::Codes;
  const Codes codes = estimator.properties().codes;
  if (codes == Codes::samples) return "";
  if (!space.discrete()) {
    if (codes == Codes::all) {
      return estimator.text() + " sums over all codes, and a normal posterior's cannot be counted";
    }
    const std::string instead =
        codes == Codes::pairs ? "reparam+antithetic" : "reparam, stl or dreg";
    return estimator.text() +
           " is for discrete codes; a normal posterior's samples are differentiable as they are "
           "(use " +
           instead + ")";
  }
  if (codes == Codes::pairs && space.kind != CodeSpace::Kind::binary) {
    return estimator.text() + " is for Bernoulli codes; of categorical ones use rloo or vimco";
  }
  if (codes != Codes::all) return "";
  const auto count = estimators::number_of_codes(space);
  if (count && *count <= estimators::most_codes) return "";
  return estimator.text() + " sums over all codes, of which there are " +
         (count ? std::to_string(*count) : std::string("more than 2^63")) + "; at most " +
         std::to_string(estimators::most_codes) + " are possible";
}

}  // namespace

std::string EstimatorChoice::unfit(const CodeSpace& space) const {
  for (const Estimator& estimator : {phi, theta}) {
    const std::string why = unfit_codes(estimator, space);
    if (!why.empty()) return why;
  }
  if (!space.discrete()) return "";
  const Estimator::Properties& of = phi.properties();
  if (of.path != Estimator::Path::none && of.codes == Estimator::Codes::samples) {
    return phi.text() + ": " + no_rsample(space.text());
  }
  if (coupling == Coupling::rqmc) {
    return text() + ": rqmc noise is for continuous codes; here they are " + space.text();
  }
  return "";
}

std::string on_samples(const Bound& bound, const std::string& name, Coupling coupling) {
  if (coupling == Coupling::independent || bound.is_elbo()) return name;
  return name + (coupling == Coupling::antithetic ? " on antithetic pairs" : " on Sobol' points");
}

bool EstimatorChoice::one_sweep(const Bound& bound) const {
  if (phi.elsewhere() || theta.elsewhere()) return phi.text() == theta.text();
  if (phi.properties().path == Estimator::Path::none) return true;
  if (phi.properties().other_decoder || theta.properties().other_decoder) return false;
  return phi.properties().path == Estimator::Path::decoder || bound.bounded_curvature();
}

bool EstimatorChoice::plain() const {
  const auto& properties = phi.properties();
  return properties.path == Estimator::Path::decoder &&
         properties.codes == Estimator::Codes::samples && !theta.elsewhere() &&
         properties.score == Estimator::Score::total && !properties.exact_div &&
         !theta.properties().other_decoder;
}

void EstimatorChoice::operator()(const Estimator::Datum& datum, Estimator::Weights& weights) const {
  phi(datum, weights);
  if (!phi.properties().other_decoder && !theta.properties().other_decoder) return;
  // The decoder's weights and the value are theta's, or a.
  const std::size_t n = datum.a.size();
  Estimator::Weights of_theta{datum.value, weights.decoder, weights.scratch.subspan(4 * n, n),
                              weights.scratch.subspan(5 * n, n), weights.scratch.first(4 * n)};
  theta(datum, of_theta);
  weights.value = of_theta.value;
}

}  // namespace nelbo
