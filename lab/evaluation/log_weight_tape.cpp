#include "lab/evaluation/log_weight_tape.hpp"
#include "objectives/draw/draw.hpp"

#include <algorithm>

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

LogWeightTape::LogWeightTape(const Model& model, std::int64_t draws, std::size_t count)
    : batch_(std::min(count,
                      std::size_t(std::max<std::int64_t>(1, rows_at_a_time / chunk_of(draws))))),
      chunk_(chunk_of(draws)),
      rows_(batch_),
      tape_(model, chunk_, batch_,
            [](Draw& draw) { return std::vector<Var>{draw.log_weights()}; }) {}

void LogWeightTape::load(const Examples& examples, std::size_t first, std::size_t n) {
  for (std::size_t b = 0; b < batch_; ++b) rows_[b] = std::uint32_t(first + std::min(b, n - 1));
  tape_.load(examples, rows_);
}

std::span<const float> LogWeightTape::run(std::uint64_t seed, std::int64_t first) {
  tape_.run(seed, rows_, first);
  return {tape_.value(0).data_as<float>(), std::size_t(chunk_) * batch_};
}

}  // namespace nelbo
