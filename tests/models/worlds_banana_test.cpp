// The banana world: its exact numbers against others', and posteriors trained on it.
#include <cmath>
#include <vector>

#include "autodiff/ops.hpp"
#include "autodiff/optimizer.hpp"
#include "autodiff/schedule.hpp"
#include "models/worlds/banana.hpp"
#include "tests/catch.hpp"

using namespace nelbo;

TEST_CASE("banana: log P(x) and the best normals are those of another quadrature and optimiser") {
  struct Row {
    double x, log_evidence, diagonal, full;
  };
  const Row rows[] = {// banana_gaps.py
                      {-1.0, -1.3966753517, 0.13836052, 0.13836052},
                      {-0.5, -1.1841177867, 0.17898861, 0.17898861},
                      {0.0, -1.1480307050, 0.23615894, 0.23615894},
                      {2.0, -2.5104705662, 0.87142775, 0.78399117}};
  const Banana banana;
  for (const Row& row : rows) {
    CAPTURE(row.x);
    CHECK(banana.log_evidence(row.x) == Approx(row.log_evidence).margin(1e-9));
    CHECK(banana.best_gap(row.x, Covariance::diagonal) == Approx(row.diagonal).margin(2e-6));
    CHECK(banana.best_gap(row.x, Covariance::full) == Approx(row.full).margin(2e-6));
  }
  for (const double x : BananaModel::data()) {
    CHECK(banana.best_gap(x, Covariance::full) > 0.1);
  }
}

TEST_CASE("banana: the model's densities are the world's") {
  ParameterStore store(DType::f64);
  const BananaModel model(store, parse_posterior("full"));
  store.freeze(1);
  Tape tape;
  const Recording recording(tape);
  const Var x = tape.leaf(Tensor::of({-1, 0.5}, {2, 1}, DType::f64));
  const Var z = tape.leaf(Tensor::of({0.3, -0.2, 1.5, 0.7}, {1, 2, 2}, DType::f64));
  const std::vector<double> log_joint = model.log_joint(z, x).value().values();
  const auto expected = [](double x, double z1, double z2) {
    const double residual = x - z2 - 0.5 * (z1 * z1 - 1);
    return -1.5 * std::log(2 * M_PI) - std::log(0.5) - (z1 * z1 + z2 * z2) / 2 -
           residual * residual / (2 * 0.25);
  };
  CHECK(log_joint[0] == Approx(expected(-1, 0.3, -0.2)).margin(1e-12));
  CHECK(log_joint[1] == Approx(expected(0.5, 1.5, 0.7)).margin(1e-12));
}

namespace {

/// What the ELBO of a trained posterior lacks of log P(x), nats, mean over the world's data.
double trained_gap(const char* posterior) {
  ParameterStore store;
  const BananaModel model(store, parse_posterior(posterior));
  store.freeze(1);
  const std::vector<double> data = BananaModel::data();
  const Tensor x = Tensor::of(data, {std::int64_t(data.size()), 1});
  const auto log_weights = [&](Var noise) {
    const auto q = model.posterior(Tape::current().leaf(x));
    const PosteriorSample sample = q->draw(noise);
    return model.log_joint(sample.z, Tape::current().leaf(x)) - sample.log_prob;
  };
  constexpr std::uint64_t steps = 3000;
  {
    Tape tape({.mode = Tape::Mode::replay});
    const Recording recording(tape);
    const Var noise = tape.leaf({48, x.shape()[0], 2});
    const Var loss = -mean(log_weights(noise));
    GradientSink gradient(store);
    Optimizer adam({}, {{0, store.size()}});
    const Schedule rate = Schedule::cosine(0.01, 0, steps);
    for (std::uint64_t step = 0; step < steps; ++step) {
      fill_noise(Noise::normal, tape.data(noise), {.stream = {7, StreamId::noise}, .step = step});
      tape.forward();
      tape.backward(loss, all_groups, gradient);
      adam.step(store.data(), gradient.data(), rate.at(step));
    }
  }
  double evidence = 0, elbo = 0;
  for (const double value : data) evidence += Banana().log_evidence(value) / double(data.size());
  for (std::uint64_t step = 0; step < 20; ++step) {
    Tape tape;
    const Recording recording(tape);
    const Var noise = tape.leaf({2000, x.shape()[0], 2});
    fill_noise(Noise::normal, tape.data(noise), {.stream = {8, StreamId::noise}, .step = step});
    elbo += mean(log_weights(noise)).item() / 20;
  }
  return evidence - elbo;
}

}  // namespace

TEST_CASE("banana: iaf:4 and realnvp:4 come within .02 nat of log P(x), normals do not") {
  double best = 0;
  for (const double x : BananaModel::data()) {
    best += Banana().best_gap(x, Covariance::full) / double(BananaModel::data().size());
  }
  const double diagonal = trained_gap("diagonal"), full = trained_gap("full"),
               iaf = trained_gap("iaf:4"), realnvp = trained_gap("realnvp:4");
  CAPTURE(best, diagonal, full, iaf, realnvp);
  CHECK(diagonal == Approx(best).margin(0.01));
  CHECK(full == Approx(best).margin(0.01));
  CHECK(iaf < 0.02);
  CHECK(realnvp < 0.02);
  CHECK(iaf > -0.01);
  CHECK(realnvp > -0.01);
}
