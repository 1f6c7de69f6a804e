// Training reaches what theory says: a linear VAE on water-filling data, evaluated in closed form.
#include <cmath>

#include "autodiff/ops.hpp"
#include "autodiff/optimizer.hpp"
#include "autodiff/schedule.hpp"
#include "models/distributions.hpp"
#include "models/layers.hpp"
#include "models/worlds/dense.hpp"
#include "models/worlds/water_filling.hpp"
#include "tests/catch.hpp"

using namespace nelbo;

namespace {

constexpr std::int64_t X = 3, D = 3, B = 1024;
constexpr std::uint64_t steps = 5000;

/// Q(z|x) = N(x W + c, diag exp s), P(x|z) = N(z V + a, I), P0 = N(0, I), trained with Adam on
/// Nell + beta Div for data that are fresh at every step. Returns the closed forms of what was
/// learned.
LinearGaussian train_linear_vae(const WaterFilling& world, double beta, std::uint64_t seed) {
  ParameterStore parameters;
  const Linear encoder(parameters, "encoder", "phi", X, D);
  const ParameterId log_variance = parameters.add("encoder.log_variance", "phi", {D}, zeros());
  const Linear decoder(parameters, "decoder", "theta", D, X);
  parameters.freeze(seed);

  Tape tape({.mode = Tape::Mode::replay});
  Recording recording(tape);
  const Var x = tape.leaf({B, X}), noise = tape.leaf({1, B, D}), weight = tape.leaf(Shape{});
  const DiagNormal q{encoder(x), tape.parameter(parameters, log_variance)};
  const Var nell = -mean(unit_normal(decoder(q.rsample(noise))).log_prob(x));  // Zheng eq. (15)
  const Var loss = nell + weight * mean(kl(q, StandardNormal{D}));             // and eq. (16)

  GradientSink gradient(parameters);
  Optimizer adam({}, {{0, parameters.size()}});
  const Schedule rate = Schedule::cosine(0.02, 0, steps);
  for (std::uint64_t step = 0; step < steps; ++step) {
    float* data = tape.data(x).data_as<float>();
    fill_normal(data, {.stream = {.seed = seed, .id = StreamId::data},
                       .step = step,
                       .batch = std::size_t(B),
                       .dimensions = std::size_t(X)});
    for (std::int64_t i = 0; i < B * X; ++i) {
      data[i] *= float(std::sqrt(world.variances()[std::size_t(i % X)]));
    }
    fill_noise(Noise::normal, tape.data(noise),
               {.stream = {.seed = seed, .id = StreamId::noise}, .step = step});
    tape.data(weight).data_as<float>()[0] = float(beta);
    tape.forward();
    tape.backward(loss, all_groups, gradient);
    adam.step(parameters.data(), gradient.data(), rate.at(step));
  }

  using dense::transposed;
  const auto learned = [&](const char* name) {
    return parameters.tensor(name).cast(DType::f64).contiguous();
  };
  Tensor variances = learned("encoder.log_variance");
  for (std::int64_t j = 0; j < D; ++j) variances.set({j}, std::exp(variances.at({j})));
  return world.linear_vae(transposed(learned("encoder.weight")), learned("encoder.bias"), variances,
                          transposed(learned("decoder.weight")), learned("decoder.bias"));
}

/// KL(P_enc(Z_j|x) || P0_j) averaged over the data: 1/2 (E mean_j^2 + s_j - 1 - log s_j).
std::vector<double> unit_rates(const LinearGaussian& vae) {
  using namespace dense;
  const LinearGaussianParameters& p = vae.parameters();
  const Tensor spread = p.enc_weight * p.data_cov * transposed(p.enc_weight);
  std::vector<double> rates;
  for (std::int64_t j = 0; j < D; ++j) {
    const double s = p.enc_var.at({j}), c = p.enc_bias.at({j});
    rates.push_back((spread.at({j, j}) + c * c + s - 1 - std::log(s)) / 2);
  }
  return rates;
}

}  // namespace

TEST_CASE("A linear VAE trained on Nell + beta Div reaches the water-filling curve") {
  const WaterFilling world = golden_water_filling();
  for (double beta : {0.25, 1.0, 3.0}) {
    const LinearGaussian vae = train_linear_vae(world, beta, 1);
    const ExactTerms t = vae.exact();
    CAPTURE(beta, t.div, world.rate(beta), t.nell, world.nell(beta));
    CHECK(t.div == Approx(world.rate(beta)).epsilon(0.01));
    CHECK(t.nell == Approx(world.nell(beta)).epsilon(0.01));
    // A unit for each lambda above beta, and the others collapsed onto the prior.
    int active = 0;
    double sum = 0;
    for (double rate : unit_rates(vae)) {
      CAPTURE(rate);
      active += rate > 0.02;
      sum += rate;
      CHECK((rate > 0.02 || rate < 0.002));
    }
    CHECK(active == world.active_units(beta));
    CHECK(sum == Approx(t.div).epsilon(1e-9));
  }
}
