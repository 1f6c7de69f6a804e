// The sleep phase dreams data of every likelihood, in training and in studies.
#include <cmath>
#include <optional>
#include <vector>

#include "autodiff/ops.hpp"
#include "lab/studies/objective_draw.hpp"
#include "lab/studies/recorded_draw.hpp"
#include "models/likelihoods/likelihood_words.hpp"
#include "models/vae.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/draw/estimate_bound.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/language/expression.hpp"
#include "tests/catch.hpp"
#include "tests/models/likelihood_subjects.hpp"

using namespace nelbo;
using namespace nelbo::gradvar;
using namespace nelbo::tests;

namespace {

constexpr std::int64_t X = 5, B = 4;

struct AnyVae {
  explicit AnyVae(const std::string& likelihood) {
    VaeConfig config;
    config.example = {X};
    config.latent = 2;
    config.hidden = {4};
    config.likelihood = parse_likelihood(likelihood);
    // Zeros and ones, two of five, or numbers between them where the ends are not of the support.
    const bool open = config.likelihood->support().open;
    const auto value = [open](bool one) { return open ? 0.25 + 0.5 * one : double(one); };
    std::vector<std::vector<double>> rows;
    for (int i = 0; i < 5; ++i) rows.emplace_back(std::size_t(X), value(i < 2));
    model.emplace(config, moments_of(*config.likelihood, rows), store);
    store.freeze(5);
    for (std::int64_t j = 0; j < B * X; ++j) x.set({j / X, j % X}, value(j * 7 % 5 < 2));
  }
  ParameterStore store{DType::f64};
  Tensor x{{B, X}, DType::f64};
  std::optional<Vae> model;
};

std::vector<std::string> likelihood_texts() {
  std::vector<std::string> all = likelihoods().names();
  all.insert(all.end(), {"normal:0.1", "normal:learned"});
  return all;
}

}  // namespace

TEST_CASE("wake_sleep: of every likelihood training and study give one finite gradient") {
  for (const std::string& text : likelihood_texts()) {
    INFO(text);
    const AnyVae vae(text);
    const StudyModel study{.model = *vae.model, .x = vae.x};
    for (const double wake : {0.0, 0.25}) {
      const EstimatorChoice choice = estimators::wake_sleep(wake);
      RecordedDraw fast(study, bounds::iw(4), {choice}, Coupling::independent);
      ObjectiveDraw trained(study, parse_objective("iw(m=4)"), {choice});
      fast.replicate(random_variables::evaluation, 1, 3);
      trained.replicate(random_variables::evaluation, 1, 3);
      const Range phi = vae.store.range("phi");
      double norm = 0;
      for (std::size_t j = phi.offset; j < phi.offset + phi.length; ++j) {
        const double g = fast.encoder_gradient(0).data_as<double>()[j];
        CHECK(g ==
              Approx(trained.encoder_gradient(0).data_as<double>()[j]).epsilon(1e-9).margin(1e-13));
        norm += g * g;
      }
      CHECK(std::isfinite(norm));
      CHECK(norm > 0);
    }
  }
}

TEST_CASE("wake_sleep: of a normal likelihood sleep raises log Q at the mean that noise 0 dreams") {
  const AnyVae vae("normal");
  const auto gradient = [&](auto&& record) {
    Tape tape;
    const Recording recording(tape);
    const Var value = record(tape);
    GradientSink sink(vae.store);
    tape.backward(value, vae.store.groups({"phi"}), sink);
    return sink.buffer().values();
  };
  const std::vector<double> got = gradient([&](Tape& tape) {
    Draw draw(*vae.model, tape.leaf(vae.x), tape.leaf({2, B, 2}, DType::f64), {}, nullptr,
              EstimatorChoice(estimators::wake_sleep(0)).estimation(true));
    return mean(estimate(draw, bounds::iw(2)));
  });
  const std::vector<double> expected = gradient([&](Tape& tape) {
    const Var code = tape.leaf({1, B, 2}, DType::f64);
    const Var x = stop(reshape(vae.model->decode(code), {B, X}));
    return mean(vae.model->posterior(x)->log_prob(code));
  });
  for (std::size_t j = 0; j < got.size(); ++j) {
    CHECK(got[j] == Approx(expected[j]).epsilon(1e-10).margin(1e-13));
  }
}

TEST_CASE("wake_sleep: a conditional model dreams under the conditions of its batch") {
  // Sleep alone: the gradient of log Q of the code of prior noise 0 at what it dreams of noise 0, by hand.
  VaeConfig config;
  config.example = {X};
  config.latent = 2;
  config.hidden = {4};
  config.conditions = 3;
  config.likelihood = parse_likelihood("normal");
  ParameterStore store{DType::f64};
  const std::vector<std::vector<double>> rows(5, {0, 1, 0, 1, 1});
  const Vae model(config, moments_of(*config.likelihood, rows), store);
  store.freeze(5);
  const Tensor x({B, X}, DType::f64), c({B, 3}, DType::f64);
  for (std::int64_t b = 0; b < B; ++b) c.set({b, b % 3}, 1 + 0.5 * double(b));
  const auto gradient = [&](auto&& record) {
    Tape tape;
    const Recording recording(tape);
    const Var value = record(tape);
    GradientSink sink(store);
    tape.backward(value, store.groups({"phi"}), sink);
    return sink.buffer().values();
  };
  const std::vector<double> got = gradient([&](Tape& tape) {
    Draw draw(model, Batch(tape.leaf(x), tape.leaf(c)), tape.leaf({2, B, 2}, DType::f64), {},
              nullptr, EstimatorChoice(estimators::wake_sleep(0)).estimation(true));
    return mean(estimate(draw, bounds::iw(2)));
  });
  const std::vector<double> expected = gradient([&](Tape& tape) {
    const Var code = tape.leaf({1, B, 2}, DType::f64), condition = tape.leaf(c);
    const Var dream = stop(reshape(model.decode(code, condition), {B, X}));
    return mean(model.posterior(Batch(dream, condition))->log_prob(code));
  });
  double norm = 0;
  for (std::size_t j = 0; j < got.size(); ++j) {
    CHECK(got[j] == Approx(expected[j]).epsilon(1e-10).margin(1e-13));
    norm += got[j] * got[j];
  }
  CHECK(norm > 0);
}
