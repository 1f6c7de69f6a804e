#pragma once
// Optimisers over one flat parameter buffer. One optimiser serves one set of parameter groups, each
// a contiguous range of the buffer, and reads the gradient at the same offsets of an equally shaped
// buffer.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "autodiff/dtype.hpp"
#include "autodiff/parameters.hpp"
#include "autodiff/tensor.hpp"

namespace nelbo {

/// The rule that an optimiser follows: g gradient, p parameter, eta learning rate, t = 1, 2, ...
/// steps.
struct OptimizerConfig {
  enum class Rule : std::uint8_t {
    sgd,   // m = momentum m + g;  p -= eta m
    adam,  // Kingma and Ba (2015), algorithm 1
    adamw  // Loshchilov and Hutter (2019): the same after p -= eta weight_decay p
  };

  Rule rule = Rule::adam;
  double momentum = 0;          // sgd: 0 <= momentum < 1
  double beta1 = 0.9;           // adam, adamw: m = beta1 m + (1 - beta1) g
  double beta2 = 0.999;         // adam, adamw: v = beta2 v + (1 - beta2) g^2
  double epsilon = 1e-8;        // adam, adamw: p -= eta m^ / (sqrt(v^) + epsilon)
  bool bias_correction = true;  // m^ = m / (1 - beta1^t), v^ = v / (1 - beta2^t)
  bool epsilon_hat = false;     // p -= eta (m^ / m) / sqrt(v^ / v) m / (sqrt(v) + epsilon) instead:
                                // "epsilon hat" at the end of Kingma and Ba's section 2
  double initial_second_moment = 0;  // v at t = 0
  double weight_decay = 0;           // adamw

  /// The Adam of Burda, Grosse and Salakhutdinov's "Importance weighted autoencoders" (2016): beta1
  /// 0.99, epsilon 1e-4 added to the uncorrected sqrt(v), second moments that start at 1. (Their
  /// Theano code also applies the moments of the step before; this delay is not copied.)
  static OptimizerConfig burda();
};

/// What number of `config` is out of its range: "beta1 = 1 must be in [0, 1)"; empty if none is.
std::string unfit(const OptimizerConfig& config);

/// The factor that brings a gradient of this Euclidean norm down to at most `limit`: 1 for smaller
/// ones, and where the limit is 0.
inline double clip_scale(double norm, double limit) {
  return limit > 0 && norm > limit ? limit / norm : 1;
}

class Optimizer {
 public:
  /// State, by name, in the order of the ranges laid end to end; for checkpoints.
  struct State {
    const char* name;  // "m" (momentum or first moment) or "v" (second moment)
    Tensor values;     // [size()], shares the optimiser's memory
  };

  /// Ranges of the flat buffer, in elements, disjoint; empty ones are allowed. dtype is f32 or f64.
  /// Throws Error if a number of `config` is out of its range or ranges overlap.
  /// `tensors` are those that the ranges consist of, where it is known: a thread then updates the same part
  /// of each, the one whose gradient it computed and that it is the next to read.
  Optimizer(const OptimizerConfig& config, std::vector<Range> ranges, DType dtype = DType::f32,
            const std::vector<Range>& tensors = {});

  /// One update of the ranges of `parameters` from the same offsets of `gradients`; both begin at
  /// offset 0 of the flat buffer. The gradient is first multiplied by `scale`. The element type
  /// must be dtype(), else Error. Does not allocate; gives the same bits for any number of threads.
  void step(float* parameters, const float* gradients, double learning_rate, double scale = 1);
  void step(double* parameters, const double* gradients, double learning_rate, double scale = 1);
  /// The same for buffers of dtype().
  void step(void* parameters, const void* gradients, double learning_rate, double scale = 1);
  /// The same with a learning rate for each of ranges(), else Error.
  void step(void* parameters, const void* gradients, std::span<const double> learning_rates,
            double scale = 1);

  /// Euclidean norm of the gradient over all ranges, summed in double over fixed chunks.
  double gradient_norm(const float* gradients) const;
  double gradient_norm(const double* gradients) const;
  double gradient_norm(const void* gradients) const;

  const OptimizerConfig& config() const { return config_; }
  DType dtype() const { return dtype_; }
  const std::vector<Range>& ranges() const { return ranges_; }
  /// Elements in all ranges together.
  std::size_t size() const { return size_; }
  /// What a step updates, chunk by chunk.
  std::vector<Range> updates() const;

  /// What must be saved and restored, besides steps(), to continue with the same bits. Restoring
  /// writes through the tensors. sgd without momentum has none.
  std::vector<State> state() const;
  /// Updates made so far (t of the rule).
  std::uint64_t steps() const { return steps_; }
  void set_steps(std::uint64_t steps) { steps_ = steps; }
  /// Forgets all updates: initial moments, t = 0.
  void reset();

 private:
  /// A fixed piece of one range: what one task works on.
  struct Chunk {
    std::size_t offset;  // in the flat buffer
    std::size_t state;   // in the state
    std::size_t length;
    std::size_t range;  // whose it is
  };
  void cut_updates(const std::vector<Range>& tensors);
  bool has_m() const;
  bool has_v() const;
  void check_dtype(DType given) const;
  /// `rates` holds one rate for each range, or one for all.
  template <class T>
  void step_as(T* parameters, const T* gradients, std::span<const double> rates, double scale);
  template <class T>
  double norm_as(const T* gradients) const;

  OptimizerConfig config_;
  std::vector<Range> ranges_;
  DType dtype_;
  std::size_t size_ = 0;
  std::uint64_t steps_ = 0;
  std::vector<Chunk> chunks_;   // of the norm, whose sums are by chunk
  std::vector<Chunk> updates_;  // in the order of their part of a tensor
  Tensor m_;
  Tensor v_;
  std::unique_ptr<double[]> partial_;  // one sum of squares per chunk
};

/// One line that names the rule and its numbers: "adam(beta1=0.9, beta2=0.999, epsilon=1e-08)".
std::string to_string(const OptimizerConfig& config);

}  // namespace nelbo
