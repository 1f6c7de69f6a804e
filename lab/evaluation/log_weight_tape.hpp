#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lab/data/examples.hpp"
#include "lab/evaluation/draw_tape.hpp"
#include "models/model.hpp"

namespace nelbo {

/// log P(x|z) + log P0(z) - log Q(z|x) of C draws for each of B examples, recorded once and
/// replayed. C B is about 1,000: as many rows as keep a dense decoder's activations near the
/// caches.
class LogWeightTape {
 public:
  /// For `draws` draws per example in all, in chunks of equal size, on `count` examples. The model
  /// must outlive it.
  LogWeightTape(const Model& model, std::int64_t draws, std::size_t count);

  std::size_t batch() const { return batch_; }   // B
  std::int64_t chunk() const { return chunk_; }  // C

  /// Takes the examples first .. first + n - 1, n <= B. The last stands in where there are fewer
  /// than B.
  void load(const Examples& examples, std::size_t first, std::size_t n);
  /// Log-weights [C, B], nats, of draws first .. first + C - 1 from the evaluation noise of `seed`;
  /// valid until the next call.
  std::span<const float> run(std::uint64_t seed, std::int64_t first);

 private:
  std::size_t batch_;
  std::int64_t chunk_;
  std::vector<std::uint32_t> rows_;  // [B] ids of the examples
  DrawTape tape_;
};

}  // namespace nelbo
