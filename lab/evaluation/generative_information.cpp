#include "lab/evaluation/generative_information.hpp"

#include <algorithm>
#include <cmath>

#include "autodiff/ops.hpp"
#include "autodiff/random_variables.hpp"
#include "autodiff/tape.hpp"
#include "objectives/draw/draw.hpp"

namespace nelbo {
namespace {

constexpr std::size_t largest_batch = 20;

RandomBlock block(std::uint64_t seed, const RandomVariable& variable, std::size_t first,
                  std::size_t batch, std::int64_t dimensions) {
  return {.stream = variable.of(seed),
          .batch = batch,
          .dimensions = std::size_t(dimensions),
          .first_datum = std::uint32_t(first)};
}

/// x ~ P(X|z) from E[X|z], in place.
void sample_data(const Vae& model, const ParameterStore& store, float* x, std::size_t rows,
                 const RandomBlock& numbers) {
  const std::size_t features = std::size_t(model.features());
  const std::vector<float> mean(x, x + rows * features);
  const Likelihood& likelihood = model.config().likelihood;
  if (likelihood.kind == Likelihood::Kind::bernoulli) {
    fill_bernoulli(x, mean.data(), numbers);
    return;
  }
  std::vector<double> deviation(features, std::sqrt(likelihood.variance));
  if (likelihood.kind == Likelihood::Kind::normal_learned) {
    const std::vector<double> log_variance = store.tensor("decoder.log_variance").values();
    for (std::size_t i = 0; i < features; ++i) deviation[i] = std::exp(log_variance[i] / 2);
  }
  fill_normal(x, numbers);
  for (std::size_t i = 0; i < rows * features; ++i) {
    x[i] = float(mean[i] + deviation[i % features] * x[i]);
  }
}

}  // namespace

MeanAndError generative_information(const Vae& model, const ParameterStore& store,
                                    std::size_t pairs, std::size_t samples, std::uint64_t seed) {
  RunningMean information;
  for (std::size_t first = 0; first < pairs; first += largest_batch) {
    const std::size_t rows = std::min(largest_batch, pairs - first);
    const std::int64_t b = std::int64_t(rows);
    // A pair is made by the first tape and weighed by the second.
    Tape make({.mode = Tape::Mode::replay, .gradients = false});
    Tape weigh({.mode = Tape::Mode::replay, .gradients = false});
    Var noise, z, mean;
    {
      const Recording recording(make);
      const auto prior = model.prior();
      noise = make.leaf({1, b, prior->noise_dimensions()});
      z = make.contiguous(prior->sample(noise));
      mean = make.contiguous(model.mean_image(z));
      make.keep(z);
      make.keep(mean);
    }
    fill_normal(make.data(noise).data_as<float>(),
                block(seed, random_variables::mi_dec_z, first, rows, noise.shape()[2]));
    make.forward();

    const Recording recording(weigh);
    const Var code = weigh.leaf(z.value()), x = weigh.leaf({b, model.features()});
    const Var importance = weigh.leaf({std::int64_t(samples), b, model.dimensions()});
    Draw draw(model, x, importance);
    const Var value =
        reshape(model.log_likelihood(code, x), {b}) - logmeanexp(draw.log_weights(), 0);
    weigh.keep(value);
    float* const data = weigh.data(x).data_as<float>();
    const Tensor image = mean.value();
    std::copy_n(image.data_as<float>(), image.size(), data);
    sample_data(model, store, data, rows,
                block(seed, random_variables::mi_dec_x, first, rows, model.features()));
    model.fill_noise(weigh.data(importance), block(seed, random_variables::mi_dec_weights, first,
                                                   rows, model.dimensions()));
    weigh.forward();
    for (const double one : value.value().values()) information.add(one);
  }
  return information.result();
}

}  // namespace nelbo
