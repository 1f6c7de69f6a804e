// nelbo with words of its own for all that makes a variational autoencoder: networks (convnet28), a
// likelihood (exponential), a prior (tmix:K) and an objective (warm_elbo):
//   ./my_nelbo train --data mnist/ --model convnet28 --likelihood exponential --prior tmix:3
//       --objective "warm_elbo(steps=2000)"
#include <cmath>

#include "apps/program.hpp"
#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "models/architectures/architecture.hpp"
#include "models/architectures/head.hpp"
#include "models/layers.hpp"
#include "objectives/language/catalogue.hpp"

using namespace nelbo;

/// Two convolutions and a dense layer each way. Parameters have a name, and a group to move in: phi, the
/// encoder's, or theta, the decoder's. The head has the outputs that the posterior of choice asks for.
Coders convnet28(const VaeConfig& config, const DataMoments&, ParameterStore& store) {
  if (config.example.size() != 28 * 28) throw Error("model convnet28: images must be 28 x 28");
  constexpr Window halving{.kernel = 4, .stride = 2, .padding = 1};
  constexpr auto relu = Activation::relu;
  const Sequential encoder{Unflatten({28, 28, 1}),
                           Conv2d(store, "encoder.0", "phi", 1, 16, halving, relu),
                           Conv2d(store, "encoder.1", "phi", 16, 32, halving, relu),
                           Flatten(),
                           Linear(store, "encoder.2", "phi", 7 * 7 * 32, 128, relu),
                           encoder_head(store, 128, config)};
  const Sequential decoder{Linear(store, "decoder.0", "theta", config.dimensions(), 128, relu),
                           Linear(store, "decoder.1", "theta", 128, 7 * 7 * 32, relu),
                           Unflatten({7, 7, 32}),
                           ConvTranspose2d(store, "decoder.2", "theta", 32, 16, halving, relu),
                           ConvTranspose2d(store, "decoder.output", "theta", 16, 1, halving)};
  return {encoder, [decoder](Var z) {  // [S, B, D] to [S, B, X]; convolutions see S B images
            return reshape(decoder(z), {z.shape()[0], z.shape()[1], 28 * 28});
          }};
}

/// An exponential density of any x >= 0 with the mean m = exp(output): log p(x|z) = -log m - x / m.
struct Exponential final : Likelihood {
  std::string text() const override { return "exponential"; }
  bool is_mass() const override { return false; }
  Support support() const override { return {.least = 0}; }
  Var log_prob(Var output, Var x) const override { return -sum(output + x * exp(-output), -1); }
  Var mean(Var output) const override { return exp(output); }
  Noise noise() const override { return Noise::uniform; }
  Var sample(Var output, Var u) const override { return stop(-exp(output) * log(u)); }
  Tensor output_start(const DataMoments& moments) const override {  // best when z says nothing
    std::vector<double> start = moments.mean.values();
    for (double& m : start) m = std::log(std::max(m, 1e-3));
    return Tensor::of(start, moments.mean.shape(), DType::f64);
  }
};

/// sum_k w_k prod_d t(z_d; location_kd, scale_kd) with Student's t of 4 degrees of freedom.
struct StudentMixture final : Prior {
  StudentMixture(Var logits, Var locations, Var log_scales)
      : log_weights(log_softmax(logits)), locations(locations), log_scales(log_scales) {}
  std::string text() const override { return "tmix:" + std::to_string(k); }
  bool factorised() const override { return false; }
  Var log_prob(Var z) const override { return logsumexp(log_weights + sum(each(z), -1), -1); }
  Var marginal_log_prob(Var z) const override {
    return logsumexp(reshape(log_weights, {k, 1}) + each(z), -2);
  }
  std::int64_t noise_dimensions() const override { return 2 * k + 5 * d; }
  Var sample(Var noise) const override {
    const auto n = [&](auto at, auto count) { return slice(noise, -1, at, at + count); };
    // Of exponential times with the rates w_k, that of k is the shortest with probability w_k.
    const Var race = log_weights - log(square(n(0, k)) + square(n(k, k)));
    const Var one_hot = equal(race, max(race, -1, Keep::yes));
    Var chi2 = square(n(2 * k, d));
    for (int i = 1; i < 4; ++i) chi2 = chi2 + square(n(2 * k + i * d, d));
    const Var t = n(2 * k + 4 * d, d) / sqrt(0.25 * chi2);
    return stop(matmul(one_hot, locations) + exp(matmul(one_hot, log_scales)) * t);
  }
  Var each(Var z) const {  // log t of every component and dimension: [S, B, D] to [S, B, K, D]
    const Var t = (reshape(z, {z.shape()[0], -1, 1, d}) - locations) * exp(-log_scales);
    return std::log(0.375) - log_scales - 2.5 * log1p(0.25 * square(t));
  }
  Var log_weights, locations, log_scales;  // [K], [K, D], [K, D]
  std::int64_t k = locations.shape()[0], d = locations.shape()[1];
};

/// "tmix:3": declares its parameters, and says how it is recorded.
PriorFamily tmix(const Choice& choice) {
  const auto unfit = [](const CodeSpace& z) { return z.discrete() ? "tmix needs real codes" : ""; };
  const std::int64_t k = choice.whole("the number of components", 1, 1000);
  const auto declare = [k](const PriorContext& context) -> PriorRecorder {
    ParameterStore& store = context.store;
    const std::int64_t d = context.codes.dimensions();
    const Initializer start = scattered(Tensor({d}), Tensor::full({d}, 0.7));
    const ParameterId logits = store.add("prior.logits", "psi", {k}, zeros()),
                      locations = store.add("prior.locations", "psi", {k, d}, start),
                      log_scales = store.add("prior.log_scales", "psi", {k, d}, zeros());
    return [=, &store] {
      const auto value = [&](ParameterId id) { return Tape::current().parameter(store, id); };
      return std::make_shared<StudentMixture>(value(logits), value(locations), value(log_scales));
    };
  };
  return {choice.text, unfit, declare};
}

int main(int argc, char** argv) {
  architectures().add({.name = "convnet28", .summary = "for images 28 x 28", .coders = convnet28});
  likelihoods().add({"exponential", "exponential", "a density of values of at least 0; log-means",
                     [](const Choice&) { return std::make_shared<Exponential>(); }});
  priors().add({"tmix", "tmix:K", "K products of Student's t, learned", tmix});
  const char* const expression = "nell + warmup(1, steps=steps)*div(mc)";
  objective_catalogue().add({"warm_elbo", {{"steps", 1000}}, expression, "Sonderby et al. (2016)"});
  return run_program(argc, argv);
}
