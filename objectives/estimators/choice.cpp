#include "objectives/estimators/choice.hpp"

#include <optional>
#include <vector>

#include "autodiff/error.hpp"
#include "models/distributions/posterior.hpp"
#include "objectives/estimators/enumeration.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/estimators/vocabulary.hpp"

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

/// Why an estimator's codes are not those of a family.
std::string unfit_codes(const Estimator& estimator, const PosteriorConfig& family,
                        std::int64_t dimensions) {
  using Codes = Estimator::Codes;
  const Codes codes = estimator.properties().codes;
  if (codes == Codes::samples) return "";
  if (!family.discrete()) {
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
  if (codes == Codes::pairs && family.kind != PosteriorConfig::Kind::bernoulli) {
    return estimator.text() + " is for Bernoulli codes; of categorical ones use rloo or vimco";
  }
  if (codes != Codes::all) return "";
  const auto count = estimators::number_of_codes(family, dimensions);
  if (count && *count <= estimators::most_codes) return "";
  return estimator.text() + " sums over all codes, of which there are " +
         (count ? std::to_string(*count) : std::string("more than 2^63")) + "; at most " +
         std::to_string(estimators::most_codes) + " are possible";
}

}  // namespace

std::string EstimatorChoice::unfit(const PosteriorConfig& family, std::int64_t dimensions) const {
  for (const Estimator& estimator : {phi, theta}) {
    const std::string why = unfit_codes(estimator, family, dimensions);
    if (!why.empty()) return why;
  }
  if (!family.discrete()) return "";
  const Estimator::Properties& of = phi.properties();
  if (of.path != Estimator::Path::none && of.codes == Estimator::Codes::samples) {
    return phi.text() + ": " + no_rsample(to_string(family));
  }
  if (coupling == Coupling::rqmc) {
    return text() + ": rqmc noise is for normal posteriors; here it is " + to_string(family);
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

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
    if (c == ',' && depth == 0) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

namespace {

/// The group in front of a part, "phi" of "phi=dreg"; empty where it names none.
std::string group_of(const std::string& part) {
  const std::size_t equals = part.find('=');
  return equals == std::string::npos || part.find('(') < equals ? "" : part.substr(0, equals);
}

/// Takes "+antithetic" off the end.
Coupling take_coupling(std::string& text) {
  const std::size_t plus = text.rfind('+');
  if (plus == std::string::npos || text.find(')', plus) != std::string::npos) {
    return Coupling::independent;
  }
  const Coupling coupling = parse_coupling(text.substr(plus + 1));
  text.resize(plus);
  return coupling;
}

}  // namespace

EstimatorChoice parse_estimators(const std::string& given) {
  std::string text = given;
  const Coupling coupling = take_coupling(text);
  std::optional<Estimator> phi, theta;
  const std::vector<std::string> parts = split_at_commas(text);
  for (const std::string& part : parts) {
    const std::string group = group_of(part);
    if (group.empty()) {
      if (parts.size() > 1) {
        throw Error("estimator '" + given + "': '" + part +
                    "' names no group; write phi=NAME,theta=NAME, or one name for both");
      }
      phi = theta = parse_estimator(part);
      break;
    }
    std::optional<Estimator>* const of = group == "phi"     ? &phi
                                         : group == "theta" ? &theta
                                                            : nullptr;
    if (of == nullptr) {
      throw Error("estimator '" + given + "': there is no group '" + group +
                  "'; there are phi (encoder) and theta (decoder and prior)");
    }
    if (*of) throw Error("estimator '" + given + "': " + group + " is given twice");
    *of = parse_estimator(part.substr(group.size() + 1));
  }
  EstimatorChoice choice{phi.value_or(estimators::reparam()),
                         theta.value_or(estimators::reparam())};
  if (coupling != Coupling::independent) choice.coupling = coupling;
  return choice;
}

std::vector<EstimatorChoice> parse_estimator_list(const std::string& text) {
  std::vector<std::string> choices;
  std::string before;  // groups that the last choice names
  for (const std::string& part : split_at_commas(text)) {
    const std::string group = group_of(part);
    const bool open = !before.empty() && choices.back().find('+') == std::string::npos;
    if (!group.empty() && open && before.find(group + ";") == std::string::npos) {
      choices.back() += "," + part;
      before += group + ";";
    } else {
      choices.push_back(part);
      before = group.empty() ? "" : group + ";";
    }
  }
  std::vector<EstimatorChoice> all;
  for (const std::string& choice : choices) all.push_back(parse_estimators(choice));
  return all;
}

}  // namespace nelbo
