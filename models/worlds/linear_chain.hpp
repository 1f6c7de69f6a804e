#pragma once
#include <cstdint>

#include "autodiff/parameters.hpp"
#include "autodiff/tensor.hpp"
#include "models/hierarchy/hierarchy.hpp"

namespace nelbo {

/// What is known exactly of one datum of a chain, nats.
struct ChainTerms {
  double nell;        // -E log P(x|z1)
  double div1, div2;  // E log Q(z_l|..) - log P(z_l|..) of both layers
  double log_px;      // log P(x)
  double elbo() const { return -(nell + div1 + div2); }
};

/// A hierarchy of two linear-Gaussian layers as a world: z2 -> z1 -> x, without hidden layers and with
/// variances that do not depend on anything, so that everything is jointly normal. Its model is the
/// production one (hierarchy.hpp), its answers are those of the parameters as they are.
class LinearChain {
 public:
  struct Sizes {
    std::int64_t data = 4, first = 3, second = 2;  // X, L1, L2
    double variance = 0.5;                         // of x about its mean
    bool ladder = false;
  };
  /// Declares the parameters; call start() before the model is used. The store must be of f64 and
  /// outlive the world. Throws Error for sizes below 1.
  LinearChain(ParameterStore& store, const Sizes& sizes);

  /// Freezes the store and gives the parameters numbers that the seed chooses, of order 1.
  void start(std::uint64_t seed);
  const Hierarchy& model() const { return model_; }
  /// N data of the world, [N, X].
  Tensor data(std::int64_t n, std::uint64_t seed) const;
  /// At x [X]. Throws Error where a variance depends on a layer's input.
  ChainTerms exact(const Tensor& x) const;

 private:
  ParameterStore& store_;
  Sizes sizes_;
  Hierarchy model_;
};

}  // namespace nelbo
