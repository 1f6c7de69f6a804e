// The ELBO written by hand: a variational autoencoder on 8-bit patterns that two bits decide.
#include <cstdio>
#include "autodiff/ops.hpp"
#include "autodiff/optimizer.hpp"
#include "autodiff/random.hpp"
#include "models/layers.hpp"
using namespace nelbo;

int main() {
  constexpr int B = 64, X = 8, H = 32, D = 2;  // batch, data, hidden and latent dimensions
  ParameterStore parameters;
  const Linear hidden(parameters, "encoder.0", "phi", X, H, Activation::tanh);
  const Linear mean_of(parameters, "encoder.mean", "phi", H, D);
  const Linear log_variance_of(parameters, "encoder.log_variance", "phi", H, D);
  const Linear features(parameters, "decoder.0", "theta", D, H, Activation::tanh);
  const Linear logits_of(parameters, "decoder.output", "theta", H, X);
  parameters.freeze(/*seed=*/0);

  Tape tape({.mode = Tape::Mode::replay});
  Recording recording(tape);
  const Var x = tape.leaf({B, X}), noise = tape.leaf({1, B, D}), h = hidden(x);
  const auto [z, log_q] = normal_rsample_log_prob(mean_of(h), log_variance_of(h), noise);
  const Var log_px = bernoulli_log_prob(logits_of(features(z)), x);     // log P(x|z), [1, B]
  const Var elbo = mean(log_px + standard_normal_log_prob(z) - log_q);  // Zheng eq. (13)
  const Var loss = -elbo;                                               // nats per datum

  GradientSink gradient(parameters);
  Optimizer adam({}, {{0, parameters.size()}});
  float *pixel = tape.data(x).data_as<float>(), *eps = tape.data(noise).data_as<float>();
  for (unsigned step = 0; step <= 2000; ++step) {
    std::uint32_t bits[B];
    fill_bits(bits, {.stream = {0, StreamId::data}, .step = step, .batch = B});
    for (int i = 0; i < B * X; ++i) pixel[i] = bits[i / X] >> (i % X / 4) & 1;  // 0000, 1111 twice
    fill_normal(eps, {.stream = {0, StreamId::noise}, .step = step, .batch = B, .dimensions = D});
    tape.forward();
    tape.backward(loss, all_groups, gradient);
    adam.step(parameters.data(), gradient.data(), 1e-2);
    if (step % 500 == 0) std::printf("step %4u  elbo %.3f nats\n", step, elbo.item());
  }
}
