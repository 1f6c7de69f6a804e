#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace nelbo {

/// One of the training loops that `nelbo bench train` times: new data, forward, backward, Adam.
class TrainingWorkload {
 public:
  virtual ~TrainingWorkload() = default;
  virtual const std::string& name() const = 0;
  /// Floating-point operations of the dense matrix products of one step: forward, weight gradient,
  /// and input gradient except for the data. What is saved by skipping zeros counts as done.
  virtual double flop() const = 0;
  /// Trainable numbers.
  virtual std::size_t parameters() const = 0;
  /// Runs one step; returns the cost in nats per datum.
  virtual double step() = 0;
};

/// vae_mlp, iwae50, conv64, chen_mlp, tcvae and tiny.
std::vector<std::string> training_workload_names();
/// Throws Error for an unknown name.
std::unique_ptr<TrainingWorkload> make_training_workload(const std::string& name);

}  // namespace nelbo
