#include "lab/evaluation/log_weight_tape.hpp"

#include <algorithm>

#include "autodiff/ops.hpp"
#include "autodiff/random_variables.hpp"
#include "objectives/draw/draw.hpp"

namespace nelbo {
namespace {

constexpr std::int64_t rows_at_a_time = 1024;
constexpr std::int64_t most_draws_at_a_time = 64;  // the encoder is then 1/64 of the work

/// The largest chunk from 33 to 64 whose multiple exceeds `draws` least; all of fewer draws.
std::int64_t chunk_of(std::int64_t draws) {
  if (draws <= most_draws_at_a_time) return draws;
  const auto rounded_up = [draws](std::int64_t chunk) {
    return (draws + chunk - 1) / chunk * chunk;
  };
  std::int64_t best = most_draws_at_a_time;
  for (std::int64_t chunk = best - 1; chunk > most_draws_at_a_time / 2; --chunk) {
    if (rounded_up(chunk) < rounded_up(best)) best = chunk;
  }
  return best;
}

}  // namespace

LogWeightTape::LogWeightTape(const Vae& model, std::int64_t draws, std::size_t count)
    : model_(model), chunk_(chunk_of(draws)) {
  batch_ = std::min(count, std::size_t(std::max<std::int64_t>(1, rows_at_a_time / chunk_)));
  rows_.resize(batch_);

  const Recording recording(tape_);
  x_ = tape_.leaf({std::int64_t(batch_), model.features()});
  noise_ = tape_.leaf({chunk_, std::int64_t(batch_), model.dimensions()});
  Draw draw(model, x_, noise_);
  log_weights_ = draw.log_likelihood() + (draw.log_prior() - draw.log_posterior());
  tape_.keep(log_weights_);
}

void LogWeightTape::load(const Examples& examples, std::size_t first, std::size_t n) {
  for (std::size_t b = 0; b < batch_; ++b) rows_[b] = std::uint32_t(first + std::min(b, n - 1));
  examples.fill(tape_.data(x_).data_as<float>(), rows_, 0);
}

std::span<const float> LogWeightTape::run(std::uint64_t seed, std::int64_t first) {
  model_.fill_noise(tape_.data(noise_), {.stream = random_variables::evaluation.z.of(seed),
                                         .first_draw = std::uint32_t(first),
                                         .datum = rows_.data()});
  tape_.forward();
  return {log_weights_.value().data_as<float>(), std::size_t(chunk_) * batch_};
}

}  // namespace nelbo
