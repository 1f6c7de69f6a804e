// Estimators on a draw: the gradients that they are defined to give, written out.
#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "objectives/bounds/bound_op.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/draw/estimate_bound.hpp"
#include "objectives/estimators/baseline.hpp"
#include "objectives/estimators/choice.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/terms/bound_terms.hpp"
#include "objectives/terms/terms.hpp"
#include "tests/catch.hpp"
#include "tests/objectives/vae_fixture.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

constexpr int samples = 6, batch = 3, latent = 2;

std::vector<Bound> bounds_to_try() {
  using namespace bounds;
  return {mc(samples, bounds::elbo()), iw(samples),        miwae(2, 3),    renyi(-1, samples),
          ciwae(.3, samples),          jackknife(samples), tvo(4, samples)};
}

std::vector<EstimatorChoice> estimators_to_try() {
  using namespace estimators;
  return {reparam(),
          stl(),
          dreg(),
          score(),
          rloo(),
          vimco(),
          vimco(OthersMean::arithmetic),
          ovis(0.5),
          wake_sleep(1),
          rws_dreg(),
          piwae(),
          {dreg(), piwae()}};
}

bool other_decoder(const Estimator& estimator) {
  return estimator.weighted() && estimator.weighted()->properties().other_decoder;
}

/// The gradient of the mean over the batch by group.
struct Gradients {
  std::vector<double> theta, phi, psi;
  double value;
};

std::vector<double> of_group(const VaeFixture& vae, const GradientSink& sink, const char* group) {
  const auto& names = vae.store.group_names();
  if (std::find(names.begin(), names.end(), group) == names.end()) return {};
  const Range range = vae.store.range(group);
  const double* const all = sink.buffer().data_as<double>();
  return {all + range.offset, all + range.offset + range.length};
}

Gradients from(VaeFixture& vae, Var value, bool one_sweep) {
  GradientSink sink(vae.store), own(vae.store);
  const Groups phi = vae.store.groups({"phi"});
  if (one_sweep) {
    vae.tape.backward(value, all_groups, sink);
  } else {
    vae.tape.backward(value, ~phi, sink);
    vae.tape.backward(value, phi, own);
    sink.add(own);
  }
  return {of_group(vae, sink, "theta"), of_group(vae, sink, "phi"), of_group(vae, sink, "psi"),
          value.item()};
}

Gradients estimated(const char* prior, const Bound& bound, const EstimatorChoice& estimators,
                    bool one_sweep) {
  VaeFixture vae(samples, batch, latent, prior);
  Draw draw(*vae.model, vae.x, vae.noise, {}, nullptr, estimators.estimation(one_sweep));
  const Var value = mean(estimate(draw, bound));
  CHECK(vae.tape.count("bernoulli_log_prob") == 1);
  return from(vae, value, one_sweep);
}

/// The estimator's definition, term by term, with the densities composed afresh.
Gradients defined(const char* prior, const Bound& bound, const EstimatorChoice& estimators) {
  VaeFixture vae(samples, batch, latent, prior);
  Draw draw(*vae.model, vae.x, vae.noise);
  const Tensor f = draw.log_weights().value();
  Tensor decoder(f.shape(), DType::f64), path(f.shape(), DType::f64), score(f.shape(), DType::f64);
  double value = 0;
  for (int b = 0; b < batch; ++b) {
    std::vector<double> column(samples), a(samples), h(samples), scratch(6 * samples), d(samples),
        p(samples), c(samples);
    for (int s = 0; s < samples; ++s) column[s] = f.at({s, b});
    const double l = bound(column, a, h);
    Estimator::Weights w{l, d, p, c, scratch};
    estimators({bound, column, a, h, l, 0}, w);
    value += w.value / batch;
    for (int s = 0; s < samples; ++s) {
      decoder.set({s, b}, d[s] / batch);
      path.set({s, b}, p[s] / batch);
      score.set({s, b}, c[s] / batch);
    }
  }
  const auto weighted = [&](Var x, const Tensor& by) { return sum(x * vae.tape.leaf(by)); };
  const Var z = draw.z(), fixed = stop(z);
  const auto log_joint = [&](Var at) {
    return vae.model->log_likelihood(at, vae.x) + draw.prior().log_prob(at);
  };
  const Posterior& q = draw.posterior();
  const Var for_decoder = weighted(log_joint(fixed), decoder);
  // A prior that depends on phi gives it the decoder's weights besides.
  const Var for_path =
      weighted(log_joint(z) - log_joint(fixed) - (q.log_prob(z) - q.log_prob(fixed)), path);
  const Var for_score = weighted(q.log_prob(fixed), score);
  Gradients all = from(vae, for_decoder + for_score, true);
  VaeFixture& v = vae;
  GradientSink sink(v.store);
  v.tape.backward(for_path, v.store.groups({"phi"}), sink);
  const std::vector<double> more = of_group(v, sink, "phi");
  for (std::size_t i = 0; i < more.size(); ++i) all.phi[i] += more[i];
  all.value = value;
  return all;
}

void check_equal(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0, difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::fabs(b[i]));
    difference = std::max(difference, std::fabs(a[i] - b[i]));
  }
  CHECK(difference <= 1e-11 * (1 + largest));
}

}  // namespace

TEST_CASE(
    "estimation: a draw's gradients are those that the estimator defines, in one sweep or two") {
  for (const char* prior : {"normal", "normal:full", "vamp:3"}) {
    for (const Bound& bound : bounds_to_try()) {
      for (const EstimatorChoice& estimators : estimators_to_try()) {
        if (!estimators.phi.rule().undefined(bound).empty()) continue;
        if (!estimators.theta.rule().undefined(bound).empty()) continue;
        INFO(prior << " " << bound.text() << " " << estimators.text());
        const Gradients expected = defined(prior, bound, estimators);
        for (const bool one_sweep : {true, false}) {
          if (one_sweep && !estimators.one_sweep(bound)) continue;
          if (!one_sweep && std::string(prior).starts_with("vamp")) continue;
          const Gradients got = estimated(prior, bound, estimators, one_sweep);
          check_equal(got.theta, expected.theta);
          check_equal(got.phi, expected.phi);
          check_equal(got.psi, expected.psi);
          CHECK(got.value == Approx(expected.value).epsilon(1e-13));
        }
      }
    }
  }
}

TEST_CASE("estimation: reparam is the derivative of the sampled bound") {
  for (const Bound& bound : bounds_to_try()) {
    INFO(bound.text());
    VaeFixture vae(samples, batch, latent);
    Draw draw(*vae.model, vae.x, vae.noise);
    const Gradients plain = from(vae, mean(estimate(draw, bound)), true);
    const Gradients reparam = estimated("normal", bound, estimators::reparam(), true);
    check_equal(reparam.phi, plain.phi);
    check_equal(reparam.theta, plain.theta);
  }
}

TEST_CASE("estimation: the value is the same bits whatever the estimator") {
  for (const Bound& bound : bounds_to_try()) {
    INFO(bound.text());
    VaeFixture vae(samples, batch, latent);
    Draw draw(*vae.model, vae.x, vae.noise);
    const double plain = mean(estimate(draw, bound)).item();
    for (const EstimatorChoice& estimators : estimators_to_try()) {
      if (!estimators.phi.rule().undefined(bound).empty()) continue;
      if (other_decoder(estimators.phi)) continue;  // piwae reports another bound
      if (other_decoder(estimators.theta)) continue;
      INFO(estimators.text());
      for (const bool one_sweep : {true, false}) {
        if (one_sweep && !estimators.one_sweep(bound)) continue;
        CHECK(estimated("normal", bound, estimators, one_sweep).value == plain);
      }
    }
  }
}

TEST_CASE("estimation: Div in closed form is the exact ELBO's gradient") {
  VaeFixture vae(1, batch, latent);
  Draw draw(*vae.model, vae.x, vae.noise);
  const Gradients plain = from(vae, elbo(Expectation::exact)(draw), true);
  VaeFixture other(1, batch, latent);
  Draw estimated(*other.model, other.x, other.noise, {}, nullptr,
                 EstimatorChoice(estimators::reparam_exact_div()).estimation(true));
  const Gradients got = from(other, mean(estimate(estimated, bounds::elbo())), true);
  CHECK(got.phi == plain.phi);
  CHECK(got.theta == plain.theta);
}

TEST_CASE("estimation: beside other terms each part of an objective has its own gradient") {
  // 2 iw + dip: the sum of the parts' gradients, by two sweeps.
  const auto part = [](bool bound, bool other) {
    VaeFixture vae(samples, batch, latent);
    Draw draw(*vae.model, vae.x, vae.noise, {}, nullptr,
              EstimatorChoice(estimators::dreg()).estimation(false));
    std::optional<Term> term;
    if (bound) term = 2 * bound_term(bounds::iw(samples)).cost();
    if (other) term = term ? *term + 3 * nell() : 3 * nell();
    return from(vae, (*term)(draw), false);
  };
  const Gradients both = part(true, true), bound = part(true, false), other = part(false, true);
  std::vector<double> phi = bound.phi, theta = bound.theta;
  for (std::size_t i = 0; i < phi.size(); ++i) phi[i] += other.phi[i];
  for (std::size_t i = 0; i < theta.size(); ++i) theta[i] += other.theta[i];
  check_equal(both.phi, phi);
  check_equal(both.theta, theta);
  const Gradients alone = estimated("normal", bounds::iw(samples), estimators::dreg(), true);
  for (std::size_t i = 0; i < phi.size(); ++i) phi[i] = -2 * alone.phi[i];
  check_equal(bound.phi, phi);
}

TEST_CASE("estimation: a prior that depends on phi refuses two sweeps, a bound too few samples") {
  VaeFixture vae(samples, batch, latent, "vamp:3");
  Draw draw(*vae.model, vae.x, vae.noise, {}, nullptr,
            EstimatorChoice(estimators::dreg()).estimation(false));
  CHECK_THROWS_WITH(estimate(draw, bounds::jackknife(samples)), contains("vamp"));
  CHECK_THROWS_WITH(estimate(draw, bounds::iw(samples + 1)), contains("needs 7 samples"));
}

TEST_CASE("estimation: sleep-phi raises log Q at what the model dreams, beside wake-phi") {
  const Bound bound = bounds::iw(samples);
  const Gradients mixed = estimated("normal", bound, estimators::wake_sleep(0.25), true);
  const Gradients wake = defined("normal", bound, estimators::wake_sleep(1));
  // On an eager tape the noise of dreams is 0 when they are recorded: the code 0, and the data
  // whose pixels are all 1.
  VaeFixture vae(samples, batch, latent);
  const Var code = vae.tape.leaf({1, batch, latent}, DType::f64);
  const Var datum = vae.tape.leaf(Tensor::full({batch, VaeFixture::X}, 1, DType::f64));
  const Gradients sleep = from(vae, mean(vae.model->posterior(datum)->log_prob(code)), true);
  std::vector<double> expected = wake.phi;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    expected[i] = 0.25 * wake.phi[i] + 0.75 * sleep.phi[i];
  }
  check_equal(mixed.phi, expected);
  check_equal(mixed.theta, wake.theta);
  CHECK(mixed.value == wake.value);
}

TEST_CASE("estimation: a baseline follows L by its own loss, and neither moves the other") {
  using Kind = Estimator::Baseline;
  for (const Kind kind : {Kind::mean, Kind::learned}) {
    ParameterStore store(DType::f64);
    VaeConfig config;
    config.architecture = "mlp";
    config.example = Shape{4};
    config.latent = 2;
    config.hidden = {3};
    const Vae model(
        config, {Tensor::full({4}, 0.4, DType::f64), Tensor::full({4}, 0.24, DType::f64)}, store);
    Auxiliaries auxiliaries;
    auxiliaries.declare(baseline(kind), store, model);
    store.freeze(3);
    store.tensor("baseline.mean").set({0}, -2);

    Tape tape;
    Recording recording(tape);
    const Var x = tape.leaf(Tensor::full({batch, 4}, 1, DType::f64));
    Tensor noise({samples, batch, 2}, DType::f64);
    fill_normal(
        noise.data_as<double>(),
        {.stream = {1, StreamId::noise}, .draws = samples, .batch = batch, .dimensions = 2});
    Draw draw(model, x, tape.leaf(noise), {}, &auxiliaries,
              EstimatorChoice(estimators::score(kind)).estimation(true));
    const Var value = mean(estimate(draw, bounds::iw(samples)));
    const Layer& network = *auxiliaries.find(baseline_group);
    const double constant = network(x).value().at({0});
    if (kind == Kind::mean) CHECK(constant == -2);

    GradientSink of_bound(store), of_loss(store);
    tape.backward(value, all_groups, of_bound);
    tape.backward(draw.losses().at(baseline_group), all_groups, of_loss);
    const auto norm = [&](const GradientSink& sink, const char* group) {
      const Range range = store.range(group);
      double squares = 0;
      for (std::size_t i = 0; i < range.length; ++i) {
        const double g = sink.buffer().data_as<double>()[range.offset + i];
        squares += g * g;
      }
      return squares;
    };
    CHECK(norm(of_bound, "baseline") == 0);
    CHECK(norm(of_bound, "phi") > 0);
    CHECK(norm(of_loss, "phi") == 0);
    CHECK(norm(of_loss, "theta") == 0);
    // A gradient step of size r leaves (1 - r) c + r L.
    const double slope = of_loss.buffer().data_as<double>()[store.range("baseline").offset];
    double mean_baseline = 0;
    for (int b = 0; b < batch; ++b) mean_baseline += network(x).value().at({b}) / batch;
    CHECK(slope == Approx(mean_baseline - value.item()).epsilon(1e-12));
  }
}
