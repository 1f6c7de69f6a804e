#pragma once
#include <cstdint>
#include <span>

#include "autodiff/tape.hpp"
#include "models/vae.hpp"
#include "objectives/term.hpp"

namespace nelbo {

/// One batch size's computation, recorded once and replayed with new data and noise.
class RecordedBatch {
 public:
  /// Records encoder, sample, decoder, the cost to minimise and the metrics, with S = 1. Without
  /// gradients the tape reuses buffers; only the metrics and the cost are then kept.
  RecordedBatch(const Vae& model, const Term& objective, std::size_t batch, bool gradients);

  /// The data leaf, [B, X].
  float* x() const { return tape_.data(x_).data_as<float>(); }
  /// The leaf of standard normal noise, [1, B, D].
  float* noise() const { return tape_.data(noise_).data_as<float>(); }
  std::size_t batch() const { return batch_; }
  std::size_t latent() const { return latent_; }

  Tape& tape() { return tape_; }
  Var cost() const { return cost_; }
  // Values after tape().forward(), nats per datum.
  double cost_value() const { return cost_.item(); }
  double nell() const { return nell_.item(); }
  double div() const { return div_.item(); }

 private:
  Tape tape_;
  std::size_t batch_;
  std::size_t latent_;
  Var x_, noise_, cost_, nell_, div_;
};

}  // namespace nelbo
