// Means over samples of a discrete posterior, under every estimator: value and gradient as sums over all
// tuples of codes, against the derivative of the sum over all codes. What has no gradient is refused.
#include <functional>
#include <string>
#include <vector>

#include "autodiff/error.hpp"
#include "objectives/language/expression.hpp"
#include "objectives/terms/terms.hpp"
#include "tests/catch.hpp"
#include "tests/objectives/discrete_nodes.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using namespace nelbo::tests::discrete;

namespace {

constexpr double entropy = 1.25;  // stands for H_data

/// A term, and its value at a code.
struct Subject {
  std::string term;
  std::function<Var(Var log_likelihood, Var log_prior, Var log_posterior)> of;
};

std::vector<Subject> subjects() {
  const auto nell = [](Var l, Var, Var) { return -l; };
  const auto div = [](Var, Var p, Var q) { return q - p; };
  const auto hqzx = [](Var, Var, Var q) { return -q; };
  return {{"nell", nell},
          {"div(mc)", div},
          {"div", div},
          {"hqzx(mc)", hqzx},
          {"hqzx", hqzx},
          {"mi_lower", [](Var l, Var, Var) { return l + entropy; }},
          {"pf", [](Var, Var p, Var) { return p * 0.0; }},
          {"elbo(mc)", [](Var l, Var p, Var q) { return l + (p - q); }},
          {"nell + 4*div(mc)", [](Var l, Var p, Var q) { return 4.0 * (q - p) - l; }},
          {"-mc(k=2) + 3*nell", [](Var l, Var p, Var q) { return q - p - 4.0 * l; }},
          {"-mc(k=2) + 3*div(mc)", [](Var l, Var p, Var q) { return 4.0 * (q - p) - l; }},
          {"-mc(k=2) + 3*hqzx(mc)", [](Var l, Var p, Var q) { return -2.0 * q - p - l; }},
          {"-mc(k=2) + 3*div", [](Var l, Var p, Var q) { return 4.0 * (q - p) - l; }}};
}

bool holds_means(const std::string& term) {
  return parse_objective(term).needs(&Quantity::sampled) && term != "elbo(mc)";
}

/// The derivative of sum_z Q(z|x) of it.
Gradient exact(const Autoencoder& model, const Subject& subject) {
  Tape tape;
  const Recording recording(tape);
  const Tensor codes = estimators::all_codes(model.codes(), DType::f64);
  const Var z = tape.leaf(codes), x = tape.leaf(model.x);
  const Var log_q = model.vae->posterior(x)->log_prob(z);
  const Var of =
      subject.of(model.vae->log_likelihood(z, x), model.vae->prior()->log_prob(z), log_q);
  const Var value = sum(exp(log_q) * of);
  GradientSink sink(model.store);
  tape.backward(value, all_groups, sink);
  return split(model, sink, value.item());
}

/// A draw of nodes.
struct Nodal {
  Nodal(const Autoencoder& model, const EstimatorChoice& choice, const Nodes& nodes)
      : nodes(nodes),
        draw(*model.vae, tape.leaf(repeated(model.x, nodes.noise.shape()[1])),
             tape.leaf(nodes.noise), {.entropy = entropy}, nullptr, choice.estimation(false)) {}
  /// sum_t probability_t of the term's value at noise t.
  Var mean_of(const std::string& term) {
    return sum(tape.leaf(nodes.probability) * *parse_objective(term).per_datum(draw));
  }
  Tape tape;
  const Recording recording{tape};
  const Nodes& nodes;
  Draw draw;
};

/// The expectation of value and gradient by the estimator.
Gradient expected(const Autoencoder& model, const std::string& term, const EstimatorChoice& choice,
                  const Nodes& nodes) {
  Nodal nodal(model, choice, nodes);
  const Var value = nodal.mean_of(term);
  GradientSink sink(model.store), own(model.store);
  nodal.tape.backward(value, ~model.phi(), sink);
  nodal.tape.backward(value, model.phi(), own);
  sink.add(own);
  return split(model, sink, value.item());
}

std::vector<EstimatorChoice> all_estimators(const Autoencoder& model) {
  using namespace estimators;
  std::vector<EstimatorChoice> all = estimators_of(model);
  all.insert(all.end(), {gumbel_softmax(0.7), EstimatorChoice{gumbel_softmax(), score()},
                         rebar(0.5, 1), EstimatorChoice{rebar(0.5, 1), enumeration()}});
  return all;
}

}  // namespace

TEST_CASE("discrete terms: every term by every estimator has the exact gradient, or is refused") {
  int right = 0, refused = 0;
  for (const char* name : {"bernoulli", "categorical:3"}) {
    const Autoencoder model(name);
    for (const std::int64_t samples : {1, 2, 3}) {
      if (samples > 2 && model.codes().values() > 2) continue;  // 9^3 tuples
      const Nodes nodes = tuple_nodes(model, samples);
      for (const Subject& subject : subjects()) {
        const Term term = parse_objective(subject.term);
        if (term.samples() > samples) continue;
        const Gradient truth = exact(model, subject);
        for (const EstimatorChoice& choice : all_estimators(model)) {
          INFO(name << ", S = " << samples << ": " << subject.term << " by " << choice.text());
          const bool bound =
              subject.term.find("mc(k") != std::string::npos || subject.term == "elbo(mc)";
          const Bound of = samples == 1 ? bounds::elbo() : bounds::mc(samples, bounds::elbo());
          const bool two = subject.term.find("mc(k") != std::string::npos;
          if (bound && !defined(choice, two ? bounds::mc(2, bounds::elbo()) : of)) continue;
          const bool pairs = discrete::pairs(choice);
          const bool relaxed = choice.phi.text().starts_with("gumbel");
          const bool tied = choice.phi == estimators::rebar(0.5, 1);
          if (bound && tied) continue;  // its gradient of bounds is no function of the codes alone
          if (bound && (pairs || relaxed) && !holds_means(subject.term)) continue;  // its own tests
          const bool alone = !choice.phi.rule().has_expectations();                 // of bounds
          if (alone && holds_means(subject.term)) {
            if (pairs && samples % 2 != 0 && bound) continue;
            Nodal nodal(model, choice, nodes);
            const Var value = nodal.mean_of(subject.term);
            CHECK(std::isfinite(value.item()));
            GradientSink sink(model.store);
            CHECK_THROWS_WITH(
                nodal.tape.backward(value, model.phi(), sink),
                contains("no gradient passes through the samples") && contains(choice.text()));
            nodal.tape.backward(value, ~model.phi(), sink);
            ++refused;
            continue;
          }
          const Gradient g = expected(model, subject.term, choice, nodes);
          CHECK(g.value == Approx(truth.value).epsilon(1e-12).margin(1e-12));
          if (choice.theta.rule().unbiased_for_decoder() || !bound) {
            CHECK(distance(g.theta, truth.theta) < 1e-10);
          }
          if (bound && !choice.phi.unbiased(of)) continue;
          CHECK(distance(g.phi, truth.phi) < 1e-10);
          ++right;
        }
      }
    }
  }
  CHECK(right > 300);
  CHECK(refused > 50);
}

TEST_CASE("discrete terms: enumeration reports the exact value, also beside other terms") {
  for (const char* name : {"bernoulli", "categorical:3"}) {
    const Autoencoder model(name);
    // One draw: what is sampled would be wrong.
    Nodes one{Tensor::full({2, 1, model.dimensions()}, 0.3, DType::f64),
              Tensor::full({1}, 1, DType::f64)};
    for (const Subject& subject : subjects()) {
      INFO(name << " " << subject.term);
      const Gradient truth = exact(model, subject);
      const Gradient g = expected(model, subject.term, estimators::enumeration(), one);
      CHECK(g.value == Approx(truth.value).epsilon(1e-12).margin(1e-12));
      CHECK(distance(g.phi, truth.phi) < 1e-10);
      CHECK(distance(g.theta, truth.theta) < 1e-10);
    }
  }
}

TEST_CASE("discrete terms: leave-one-out is the baseline where there are other samples") {
  const Autoencoder model("bernoulli");
  Nodes nodes{Tensor({3, 1, L}, DType::f64), Tensor::full({1}, 1, DType::f64)};
  fill_uniform(nodes.noise.data_as<double>(),
               {.stream = {4, StreamId::noise}, .draws = 3, .batch = 1, .dimensions = L});
  Nodal nodal(model, estimators::rloo(), nodes);
  const Var value = nodal.mean_of("nell");
  GradientSink sink(model.store);
  nodal.tape.backward(value, model.phi(), sink);
  const std::vector<double> g = split(model, sink, 0).phi;
  // sum_s (v_s - mean of the others) / 3 grad log Q(z_s|x)
  const std::vector<double> v = (-nodal.draw.log_likelihood()).value().values();
  const double total = v[0] + v[1] + v[2];
  std::vector<double> weights;
  for (const double own : v) weights.push_back((own - (total - own) / 2) / 3);
  const Var log_q = nodal.draw.posterior().log_prob(stop(nodal.draw.z()));
  nodal.tape.backward(sum(log_q * nodal.tape.leaf(Tensor::of(weights, {3, 1}, DType::f64))),
                      model.phi(), sink);
  CHECK(distance(g, split(model, sink, 0).phi) < 1e-13);
}

TEST_CASE("discrete terms: straight_through differentiates means at the samples' relaxed codes") {
  const Autoencoder model("bernoulli");
  Nodes nodes{Tensor({2, 1, L}, DType::f64), Tensor::full({1}, 1, DType::f64)};
  fill_uniform(nodes.noise.data_as<double>(),
               {.stream = {7, StreamId::noise}, .draws = 2, .batch = 1, .dimensions = L});
  for (const Subject& subject : subjects()) {
    if (!holds_means(subject.term)) continue;
    INFO(subject.term);
    const Gradient g = expected(model, subject.term, estimators::straight_through(0.5), nodes);
    Tape tape;
    const Recording recording(tape);
    const Var x = tape.leaf(model.x), noise = tape.leaf(nodes.noise);
    const auto q = model.vae->posterior(x);
    const Var z = straight_through(q->draw(noise).z, q->relaxed_sample(noise, 0.5));
    const Var value = mean(subject.of(model.vae->log_likelihood(z, x),
                                      model.vae->prior()->log_prob(z), q->log_prob(z)));
    GradientSink sink(model.store);
    tape.backward(value, all_groups, sink);
    const Gradient plain = split(model, sink, value.item());
    if (subject.term.find("div") == std::string::npos ||
        subject.term.find("div(mc)") != std::string::npos) {
      CHECK(g.value == Approx(plain.value).epsilon(1e-12).margin(1e-12));
      CHECK(distance(g.phi, plain.phi) < 1e-12);
    }
    CHECK(distance(g.theta, plain.theta) < 1e-12);
  }
}

TEST_CASE("discrete terms: what reads samples outside an expectation has values and no gradient") {
  const Autoencoder model("bernoulli");
  const Nodes nodes = tuple_nodes(model, 2);
  const auto of_z = [](Codes& codes) { return sum(abs(codes.z()), -1); };
  for (const EstimatorChoice& choice :
       {EstimatorChoice(estimators::rloo()), EstimatorChoice(estimators::enumeration())}) {
    Nodal nodal(model, choice, nodes);
    Draw& draw = nodal.draw;
    GradientSink sink(model.store);
    for (const Var& read : {sum(abs(draw.z()), -1), draw.log_likelihood(), draw.log_prior(),
                            draw.log_posterior(), draw.log_weights(), sum(draw.decoded(), -1)}) {
      CHECK(read.value().shape()[0] == 2);
      CHECK_THROWS_WITH(
          nodal.tape.backward(sum(read), model.phi(), sink),
          contains("samples of a bernoulli posterior") && contains("Draw::expectation"));
      nodal.tape.backward(sum(read), ~model.phi(), sink);
    }
    // The mean number of ones is sum_l p_l.
    const Var inside = sum(nodal.tape.leaf(nodes.probability) *
                           (choice.phi == estimators::rloo() ? mean(draw.expectation(of_z), 0)
                                                             : draw.expectation(of_z)));
    nodal.tape.backward(inside, model.phi(), sink);
    const Gradient g = split(model, sink, inside.item());
    Tape tape;
    const Recording recording(tape);
    const Var plain = sum(model.vae->posterior(tape.leaf(model.x))->expectation());
    tape.backward(plain, model.phi(), sink);
    CHECK(g.value == Approx(plain.item()).epsilon(1e-12));
    CHECK(distance(g.phi, split(model, sink, 0).phi) < 1e-10);
  }
  // Without an estimation neither bounds nor means have one.
  Tape tape;
  const Recording recording(tape);
  Draw draw(*model.vae, tape.leaf(model.x), tape.leaf({2, 1, L}, DType::f64));
  GradientSink sink(model.store);
  for (const Var& value : {sum(estimate(draw, bounds::iw(2))), nell()(draw)}) {
    CHECK_THROWS_WITH(tape.backward(value, model.phi(), sink),
                      contains("give the draw an estimation"));
  }
}
