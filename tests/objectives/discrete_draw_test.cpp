// Draws of discrete posteriors: terms against the sum over all codes, and what is refused.
#include <algorithm>
#include <cmath>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "models/vae.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/language/expression.hpp"
#include "objectives/terms/aggregate_terms.hpp"
#include "objectives/terms/bound_terms.hpp"
#include "objectives/terms/regularisers.hpp"
#include "objectives/terms/terms.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using nelbo::tests::contains;

namespace {

constexpr std::int64_t B = 3, X = 6, L = 2, S = 40000;

/// A model in double whose codes can be counted: 4 or 9 of them.
struct Fixture {
  explicit Fixture(const std::string& posterior) {
    VaeConfig config;
    config.example = {X};
    config.latent = L;
    config.hidden = {5};
    config.posterior = parse_posterior(posterior);
    const DataMoments moments{Tensor::full({X}, 0.4), Tensor::full({X}, 0.24)};
    model.emplace(config, moments, store);
    store.freeze(5);
    const Tensor bits({B, X}, DType::f64);
    for (int i = 0; i < B * X; ++i) bits.data_as<double>()[i] = (i * 7 + i / 3) % 5 < 2;
    x = tape.leaf(bits);
    noise = tape.leaf({S, B, model->codes().dimensions()}, DType::f64);
    fill_noise(model->codes().noise(), tape.data(noise), {.stream = {9, StreamId::noise}});
  }

  /// All codes [N, B, D].
  Tensor codes() const {
    const CodeSpace space = model->codes();
    const std::int64_t k = space.values(), w = space.width();
    Tensor z({k * k, B, space.dimensions()}, DType::f64);
    for (std::int64_t i = 0; i < k * k; ++i) {
      for (std::int64_t b = 0; b < B; ++b) {
        for (std::int64_t l = 0; l < L; ++l) {
          const std::int64_t value = l == 0 ? i / k : i % k;
          if (w == 1)
            z.set({i, b, l}, double(value));
          else
            z.set({i, b, l * w + value}, 1);
        }
      }
    }
    return z;
  }

  ParameterStore store{DType::f64};
  std::optional<Vae> model;
  Tape tape;
  Recording recording{tape};
  Var x, noise;
};

/// Standard scores of the means over S of values [S, B].
void check_means(const char* what, Var values, const std::vector<double>& exact) {
  const Tensor all = values.value();
  for (std::int64_t b = 0; b < B; ++b) {
    double sum = 0, squares = 0;
    for (std::int64_t s = 0; s < S; ++s) sum += all.at({s, b});
    const double average = sum / double(S);
    for (std::int64_t s = 0; s < S; ++s) squares += std::pow(all.at({s, b}) - average, 2);
    const double error = std::sqrt(squares) / double(S);
    const double score = (average - exact[std::size_t(b)]) / error;
    INFO(what << " of datum " << b << ": " << average << " +- " << error << ", exact "
              << exact[std::size_t(b)] << ", z = " << score);
    CHECK(std::fabs(score) < 4);
  }
}

}  // namespace

TEST_CASE("discrete draw: terms and bounds against the sum over all codes") {
  for (const char* name : {"bernoulli", "categorical:3"}) {
    INFO(name);
    Fixture f(name);
    const Tensor z = f.codes();
    const auto q = f.model->posterior(f.x);
    const Var codes = f.tape.leaf(z);
    const Tensor log_q = q->log_prob(codes).value();
    const Tensor log_p = f.model->log_likelihood(codes, f.x).value();
    const double log_prior = -std::log(double(z.shape()[0]));
    std::vector<double> nell(B, 0), div(B, 0), evidence(B, 0), elbo(B, 0);
    double mean_nell = 0, mean_div = 0;
    for (std::size_t b = 0; b < B; ++b) {
      for (std::int64_t i = 0; i < z.shape()[0]; ++i) {
        const std::int64_t datum = std::int64_t(b);
        const double weight = std::exp(log_q.at({i, datum}));
        nell[b] -= weight * log_p.at({i, datum});
        div[b] += weight * (log_q.at({i, datum}) - log_prior);
        evidence[b] += std::exp(log_p.at({i, datum}) + log_prior);
      }
      elbo[b] = -nell[b] - div[b];
      CHECK(elbo[b] < std::log(evidence[b]));
      mean_nell += nell[b] / B, mean_div += div[b] / B;
    }

    Draw draw(*f.model, f.x, f.noise);
    CHECK(draw.latent() == f.model->codes().dimensions());
    REQUIRE(draw.kl().shape().text() == "[3]");
    for (std::int64_t b = 0; b < B; ++b) {
      CHECK(draw.kl().value().at({b}) == Approx(div[std::size_t(b)]).epsilon(1e-12));
      CHECK(draw.posterior().entropy().value().at({b}) ==
            Approx(-log_prior - div[std::size_t(b)]).epsilon(1e-12));
    }
    CHECK(nelbo::div()(draw).item() == Approx(mean_div).epsilon(1e-12));
    check_means("log P(x|z)", -draw.log_likelihood(), nell);
    check_means("div(mc)", draw.log_posterior() - draw.log_prior(), div);
    check_means("elbo", draw.log_weights(), elbo);
    check_means("weights", exp(draw.log_weights()), evidence);
    CHECK(nelbo::nell()(draw).item() == Approx(mean_nell).epsilon(0.02));
    CHECK(pf()(draw).item() == 0);
    CHECK(pf(Expectation::exact)(draw).item() == 0);
    // With this many samples the importance-weighted bound is the evidence.
    double log_evidence = 0;
    for (const double p : evidence) log_evidence += std::log(p) / B;
    CHECK(log_px(S)(draw).item() == Approx(log_evidence).margin(0.01));
    CHECK(parse_objective("nell + 4*div").cost()(draw).item() ==
          Approx(nelbo::nell()(draw).item() + 4 * mean_div));
  }
}

TEST_CASE("discrete draw: log Q moves the encoder, and nothing passes through the codes") {
  for (const char* name : {"bernoulli", "categorical:3"}) {
    Fixture f(name);
    Draw draw(*f.model, f.x, f.noise);
    GradientSink sink(f.store);
    const Groups phi = f.store.groups({"phi"});
    CHECK_FALSE(f.tape.differentiable(draw.z()));
    CHECK_THROWS_WITH(f.tape.backward(mean(draw.log_likelihood()), phi, sink),
                      contains("no gradient passes through the samples"));
    f.tape.backward(mean(draw.posterior().log_prob(stop(draw.z()))), phi, sink);
    const auto& entries = f.store.entries();
    const auto found = std::find_if(entries.begin(), entries.end(), [](const auto& entry) {
      return entry.name == "encoder.head.weight";
    });
    const Tensor head = sink.tensor(f.store, ParameterId{std::uint32_t(found - entries.begin())});
    double norm = 0;
    for (const double g : head.values()) norm += g * g;
    CHECK(norm > 0);
  }
}

TEST_CASE("discrete draw: what needs normal or reparameterised codes says so") {
  for (const std::string name : {"bernoulli", "categorical:3"}) {
    Fixture f(name);
    Draw draw(*f.model, f.x, f.noise, {.size = 100});
    const std::string family = name.substr(0, name.find(':'));
    for (const char* term : {"hagg", "hagg(naive)", "mi", "mi(average)", "aggdiv", "tc", "dwkl",
                             "tc(groups=2)", "max(div_j, 0.5)", "dip(i, diagonal=10)"}) {
      INFO(name << ", " << term);
      const Term objective = parse_objective(std::string("nell + ") + term);
      CHECK_THROWS_WITH(objective.cost()(draw),
                        contains("needs a normal posterior; here it is " + family));
    }
    const std::string passes = "a " + family + " posterior has no reparameterised samples";
    CHECK_THROWS_WITH(mmd(MmdKernel::imq)(draw), contains("mmd: " + passes));
    CHECK_THROWS_WITH(factor_tc()(draw), contains("factor_tc: " + passes));
    const Var wrong = f.tape.leaf({S, B, f.model->codes().dimensions() + 1}, DType::f64);
    CHECK_THROWS_WITH(Draw(*f.model, f.x, wrong), contains("expected [S, B, D]"));
  }
}
