// Relaxed codes z~ lie between the discrete ones: sigmoid((l - logit u) / T) of Bernoulli logits l,
// softmax((l + g) / T) of categorical ones, with the noise that the samples themselves are made of.
// log Q and log P0 go on linearly between the codes: sum_d z~_d log pi_d.
#include <memory>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "objectives/bounds/arguments.hpp"
#include "objectives/bounds/bound_op.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/draw/estimate_bound.hpp"
#include "objectives/estimators/estimators.hpp"

namespace nelbo::estimators {
namespace {

std::string with_temperature(const char* name, double temperature) {
  // Hotter than this all codes are alike, colder all derivatives overflow.
  return bounds::Arguments(name).real("temperature", temperature, 1e-3, 1e3).text();
}

class GumbelSoftmax final : public GradientRule {
 public:
  explicit GumbelSoftmax(double temperature)
      : GradientRule({with_temperature("gumbel_softmax", temperature),
                      "grad L(f(z~)), z~ relaxed codes", "derivative of the bound at relaxed codes",
                      "Jang et al. (2017); Maddison et al. (2017)"}),
        temperature_(temperature) {}
  std::string bias(const Bound&) const override {
    return "differentiates the bound of relaxed codes, which is another one";
  }
  std::string unfit(const CodeSpace& codes) const override {
    return codes.discrete() ? "" : for_discrete_codes(text(), codes, "reparam, stl or dreg");
  }
  bool unbiased_for_decoder() const override { return false; }
  Var record(Draw& draw, const Bound& bound) const override {
    Codes& codes = draw.codes(Key::nelbo(text() + " " + bound.text()), [&] {
      return draw.posterior().relaxed_sample(first_samples(draw.noise(), bound), temperature_);
    });
    const Var f = codes.log_likelihood() + codes.log_prior() - codes.log_posterior();
    return nelbo::straight_through(sampled_bound(draw, bound), bound_value(bound, f));
  }

 private:
  double temperature_;
};

class StraightThrough final : public GradientRule {
 public:
  explicit StraightThrough(double temperature)
      : GradientRule({with_temperature("straight_through", temperature),
                      "path a_s, score -a_s, dz := dz~ of relaxed codes z~",
                      "relaxed codes in place of the derivative of the samples",
                      "Bengio et al. (2013); Jang et al. (2017)"}),
        temperature_(temperature) {}
  std::string bias(const Bound&) const override { return bias_of_expectations(); }
  std::string bias_of_expectations() const override {
    return "takes the derivative of relaxed codes for that of a step";
  }
  std::string unfit(const CodeSpace& codes) const override {
    return codes.discrete() ? "" : for_discrete_codes(text(), codes, "reparam, stl or dreg");
  }
  PosteriorSample sample(const Posterior& q, Var noise) const override {
    const Var z = nelbo::straight_through(q.draw(noise).z, q.relaxed_sample(noise, temperature_));
    return {z, q.log_prob(z)};
  }
  Var record(Draw& draw, const Bound& bound) const override { return sampled_bound(draw, bound); }
  bool moves_samples() const override { return true; }
  bool has_expectations() const override { return true; }
  Var expectation(Draw& draw, const PerCode& of) const override { return of(draw.codes()); }

 private:
  double temperature_;
};

}  // namespace

Estimator gumbel_softmax(double temperature) {
  return Estimator(std::make_shared<const GumbelSoftmax>(temperature));
}

Estimator straight_through(double temperature) {
  return Estimator(std::make_shared<const StraightThrough>(temperature));
}

}  // namespace nelbo::estimators
