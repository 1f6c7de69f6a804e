#pragma once
#include <string>

#include "autodiff/tape.hpp"

namespace nelbo {

/// gain (x - mean) / sqrt(variance + 1e-5) + bias, mean and variance over the last axis; Ba, Kiros
/// and Hinton (2016).
class LayerNorm {
 public:
  /// Declares "name.weight" (the gain, from 1) and "name.bias" (from 0), [D] each, in `group`.
  /// Throws Error for a size below 1.
  LayerNorm(ParameterStore& store, const std::string& name, const std::string& group,
            std::int64_t size);

  /// x [..., D] gives the same shape.
  Var operator()(Var x) const;

 private:
  const ParameterStore* store_;
  ParameterId gain_;
  ParameterId bias_;
};

}  // namespace nelbo
