#include "objectives/estimators/choice.hpp"

#include <optional>
#include <vector>

#include "autodiff/error.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/estimators/vocabulary.hpp"

namespace nelbo {

std::string EstimatorChoice::text() const {
  if (phi.text() == theta.text()) return phi.text();
  return "phi=" + phi.text() + ",theta=" + theta.text();
}

void EstimatorChoice::check(const Bound& bound) const {
  phi.check(bound);
  theta.check(bound);
}

bool EstimatorChoice::one_sweep(const Bound& bound) const {
  if (phi.properties().path == Estimator::Path::none) return true;
  if (phi.properties().other_decoder || theta.properties().other_decoder) return false;
  return phi.properties().path == Estimator::Path::decoder || bound.bounded_curvature();
}

bool EstimatorChoice::plain() const {
  const auto& properties = phi.properties();
  return properties.path == Estimator::Path::decoder &&
         properties.score == Estimator::Score::total && !theta.properties().other_decoder;
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

namespace {

/// The parts between commas that are not inside parentheses.
std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == ',' && depth == 0) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

}  // namespace

EstimatorChoice parse_estimators(const std::string& text) {
  std::optional<Estimator> phi, theta;
  for (const std::string& part : split(text)) {
    const std::size_t equals = part.find('=');
    const std::size_t open = part.find('(');
    if (equals == std::string::npos || open < equals) {
      if (phi || theta || part.size() != text.size()) {
        throw Error("estimator '" + text + "': '" + part +
                    "' names no group; write phi=NAME,theta=NAME, or one name for both");
      }
      return parse_estimator(part);
    }
    const std::string group = part.substr(0, equals);
    std::optional<Estimator>* const of = group == "phi"     ? &phi
                                         : group == "theta" ? &theta
                                                            : nullptr;
    if (of == nullptr) {
      throw Error("estimator '" + text + "': there is no group '" + group +
                  "'; there are phi (encoder) and theta (decoder and prior)");
    }
    if (*of) throw Error("estimator '" + text + "': " + group + " is given twice");
    *of = parse_estimator(part.substr(equals + 1));
  }
  return {phi.value_or(estimators::reparam()), theta.value_or(estimators::reparam())};
}

}  // namespace nelbo
