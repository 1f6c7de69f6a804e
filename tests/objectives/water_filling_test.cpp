// Objectives trained on data whose optimum is known: reverse water-filling, models/worlds. At the
// optimum of Nell + alpha I_enc + beta TC + gamma DW only alpha moves the water level, because TC
// and DW can vanish at no cost (a rotation of the codes): with alpha = 1 every beta must reach the
// ELBO's own optimum, where beta-VAE would collapse units. What was learned is evaluated in closed
// form.
#include <cmath>

#include "autodiff/optimizer.hpp"
#include "models/worlds/dense.hpp"
#include "models/worlds/water_filling.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/language/expression.hpp"
#include "tests/catch.hpp"
#include "tests/objectives/linear_vae.hpp"

using namespace nelbo;
using nelbo::tests::LinearVae;

namespace {

struct Recipe {
  std::string objective;
  std::int64_t batch;
  std::uint64_t steps;
};

/// The exact terms of a linear VAE trained with Adam on fresh data in every step.
ExactTerms train(const WaterFilling& world, const Recipe& recipe) {
  const int X = int(world.variances().size());
  const std::int64_t B = recipe.batch;
  LinearVae vae(X, DType::f32);
  // Any start but the identity, which is the answer up to scales.
  fill_normal(vae.store.tensor("encoder.head.weight").data_as<float>(),
              {.stream = {1, StreamId::init}, .dimensions = std::size_t(2 * X * X)});
  fill_normal(vae.store.tensor("decoder.output.weight").data_as<float>(),
              {.stream = {2, StreamId::init}, .dimensions = std::size_t(X * X)});
  vae.hold();

  const Term cost = parse_objective(recipe.objective).cost();
  Tape tape({.mode = Tape::Mode::replay});
  Recording recording(tape);
  const Var x = tape.leaf({B, X}), noise = tape.leaf({1, B, X});
  // Data that never come again are as good as infinitely many.
  Draw draw(*vae.model, x, noise, {.size = 1'000'000'000});
  const Var loss = cost(draw);
  GradientSink gradient(vae.store);
  Optimizer adam({}, {{0, vae.store.size()}});
  const Schedule rate = Schedule::cosine(0.02, 0, recipe.steps);
  for (std::uint64_t step = 0; step < recipe.steps; ++step) {
    const RandomBlock block{.stream = {3, StreamId::data},
                            .step = step,
                            .batch = std::size_t(B),
                            .dimensions = std::size_t(X)};
    float* const data = tape.data(x).data_as<float>();
    fill_normal(data, block);
    for (std::int64_t i = 0; i < B * X; ++i) {
      data[i] *= float(std::sqrt(world.variances()[std::size_t(i % X)]));
    }
    RandomBlock codes = block;
    codes.stream.id = StreamId::noise;
    fill_normal(tape.data(noise).data_as<float>(), codes);
    tape.forward();
    tape.backward(loss, all_groups, gradient);
    adam.step(vae.store.data(), gradient.data(), rate.at(step));
    vae.hold();
  }

  const auto learned = [&](const char* name) { return vae.store.tensor(name).cast(DType::f64); };
  const Tensor head = learned("encoder.head.weight"), bias = learned("encoder.head.bias");
  Tensor variances = bias.slice(0, X, 2 * X).contiguous();
  for (int j = 0; j < X; ++j) variances.set({j}, std::exp(variances.at({j})));
  return world
      .linear_vae(dense::transposed(head.slice(1, 0, X).contiguous()),
                  bias.slice(0, 0, X).contiguous(), variances,
                  dense::transposed(learned("decoder.output.weight")),
                  learned("decoder.output.bias"))
      .exact();
}

}  // namespace

TEST_CASE("water-filling: beta_tcvae reaches the ELBO's optimum for every beta") {
  const WaterFilling world = golden_water_filling();
  const double best = world.nell(1) + world.rate(1);
  CHECK(best == Approx(5.0465363705).epsilon(1e-10));
  const std::string beta = GENERATE("1", "6");
  const ExactTerms t = train(world, {"beta_tcvae(beta=" + beta + ")", 512, 3000});
  CAPTURE(beta, t.nell, t.div, t.mi, t.tc, t.dwkl);
  CHECK(t.nell + t.div == Approx(best).epsilon(0.01));
  CHECK(t.div == Approx(world.rate(1)).epsilon(0.05));
  CHECK(t.tc < 0.01);
  CHECK(t.dwkl < 0.02);
}

TEST_CASE("water-filling: beta_vae with the same weight collapses instead") {
  const WaterFilling world = golden_water_filling();
  const ExactTerms t = train(world, {"beta_vae(beta=6)", 512, 2000});
  CAPTURE(t.nell, t.div);
  CHECK(t.div < 0.01);  // every lambda is below 6
  CHECK(t.nell == Approx(world.nell(6)).epsilon(0.01));
  CHECK(t.nell + t.div > 1.1 * (world.nell(1) + world.rate(1)));
}
