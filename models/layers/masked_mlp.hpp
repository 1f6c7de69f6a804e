#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "autodiff/tape.hpp"
#include "models/init.hpp"

namespace nelbo {

/// An order of the D numbers of a code, by degrees: what a masked network says of a number depends on
/// those of smaller degrees alone.
struct CodeOrder {
  std::vector<std::int64_t> degrees;  // [D], each 1 .. last
  std::int64_t last = 1;
  bool keeps_first = false;  // of those of degree 1 the network says nothing: 0

  std::int64_t dimensions() const { return std::int64_t(degrees.size()); }
};

/// Every number after the one before it, or after the one behind it: Germain et al. (2015), "MADE".
CodeOrder autoregressive_order(std::int64_t dimensions, bool reversed);
/// The numbers at even places, or at odd ones, after all others, which are kept: Dinh et al. (2017),
/// "Density estimation using Real NVP".
CodeOrder coupling_order(std::int64_t dimensions, bool odd);

/// A network with one tanh layer of max(64, 2 D) units and two outputs for every number of a code, whose
/// masks keep to a CodeOrder. What data say of it, a context, is seen by all units. The outputs start at 0.
class MaskedMlp {
 public:
  /// Declares "name.hidden.weight" [D, H], "name.hidden.bias" [H], "name.hidden.context" [C, H] where
  /// context (C) is not 0, "name.output.weight" [H, 2D] and "name.output.bias" [2D].
  MaskedMlp(ParameterStore& store, const std::string& name, const std::string& group,
            const CodeOrder& order, std::int64_t context);

  struct Output {
    Var first, second;  // [S, B, D]
    Var hidden;         // [S, B, H]
    Var hidden_weight;  // [D, H], masked
    Var output_weight;  // [H, 2D], masked
  };
  /// Of z [S, B, D] and the context [B, C] that it was declared with.
  Output operator()(Var z, std::optional<Var> context) const;

 private:
  const ParameterStore* store_;
  std::int64_t dimensions_;
  ParameterId hidden_weight_, hidden_bias_, output_weight_, output_bias_;
  std::optional<ParameterId> context_;
  Tensor hidden_mask_, output_mask_;        // of zeros and ones
  std::optional<Tensor> output_bias_mask_;  // where some outputs are 0
};

}  // namespace nelbo
