#include <algorithm>
#include <memory>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/estimators/estimators.hpp"

namespace nelbo::estimators {
namespace {

void path_as_decoder(const Estimator::Datum& datum, Estimator::Weights& weights) {
  std::copy(datum.a.begin(), datum.a.end(), weights.path.begin());
}

/// reparam with the divergence out of the expectation.
class ExactDiv final : public GradientRule {
 public:
  ExactDiv()
      : GradientRule({"reparam(exact)", "path a_s of log P(x|z), and grad KL(Q || P0)",
                      "reparam with Div in closed form",
                      "Kingma and Welling (2014); Zheng eq. (16)"}) {}
  std::string undefined(const Bound& bound) const override {
    if (bound.is_elbo()) return "";
    return "the closed form of Div has no place inside a logarithm of mean weights; it is for the "
           "ELBO";
  }
  std::string unfit(const CodeSpace& codes) const override {
    return !codes.differentiable() ? text() + ": " + no_rsample(codes.text()) : "";
  }
  std::string lacks(const Model& model) const override {
    return has_exact_div(model) ? "" : "Div has no closed form here";
  }
  std::string indivisible() const override {
    return "Div is in closed form for all groups or for none; write reparam(exact) alone";
  }
  bool samples_decoder(const Model& model) const override { return !prior_learns(model); }
  Var record(Draw& draw, const Bound&) const override {
    return mean(draw.codes().log_likelihood(), 0) - draw.kl();
  }
};

}  // namespace

Estimator reparam() {
  return Estimator({.text = "reparam",
                    .formula = "path a_s, score -a_s",
                    .meaning = "derivative of the sampled bound",
                    .source = "Kingma and Welling (2014); Burda et al. (2016)",
                    .path = Estimator::Path::decoder,
                    .score = Estimator::Score::total,
                    .independent = false},
                   path_as_decoder);
}

Estimator reparam_exact_div() { return Estimator(std::make_shared<const ExactDiv>()); }

Estimator stl() {
  return Estimator({.text = "stl",
                    .formula = "path a_s, score 0",
                    .meaning = "sticking the landing: log Q's parameters are held still",
                    .source = "Roeder et al. (2017)",
                    .path = Estimator::Path::decoder,
                    .independent = false,
                    .bias = [](const Bound& bound) -> std::string {
                      if (bound.linear()) return "";
                      return "leaves out the score a_s grad log Q, whose mean is not 0 where a_s "
                             "depends on z_s";
                    }},
                   path_as_decoder);
}

Estimator dreg() {
  return Estimator({.text = "dreg",
                    .formula = "path a_s - h_s, score 0",
                    .meaning = "doubly reparameterised",
                    .source = "Tucker et al. (2018)",
                    .path = Estimator::Path::own,
                    .undefined = [](const Bound& bound) -> std::string {
                      if (bound.smooth()) return "";
                      return "the bound has no second derivatives";
                    }},
                   [](const Estimator::Datum& datum, Estimator::Weights& weights) {
                     for (std::size_t s = 0; s < datum.a.size(); ++s) {
                       weights.path[s] = datum.a[s] - datum.h[s];
                     }
                   });
}

}  // namespace nelbo::estimators
