#pragma once
#include <span>
#include <string>

#include "models/distributions/diag_normal.hpp"
#include "models/layers/linear.hpp"
#include "models/layers/mlp.hpp"

namespace nelbo {

/// A stochastic layer: dense hidden layers, and the diagonal normal N(mu(h), diag exp v(h)) of what they
/// give. Without hidden layers h is the input.
class NormalLayer {
 public:
  /// Declares "name.0", "name.1", ... [widths] and "name.head" [H, 2 outputs] in `group`, mu's columns
  /// first; each half starts as a layer of its own. Throws Error for sizes below 1.
  NormalLayer(ParameterStore& store, const std::string& name, const std::string& group,
              std::int64_t inputs, std::span<const std::int64_t> widths, Activation activation,
              std::int64_t outputs);

  /// h of an input [.., I].
  Var features(Var input) const { return hidden_(input); }
  /// H, how many numbers features() gives.
  std::int64_t width() const { return hidden_.outputs(); }
  /// The normal of h.
  DiagNormal of_features(Var h) const;
  DiagNormal operator()(Var input) const { return of_features(features(input)); }

 private:
  Mlp hidden_;
  Linear head_;
  std::int64_t outputs_;
};

/// The normal whose density is proportional to the product of both, each dimension weighted with the
/// precisions: Soenderby et al. (2016), "Ladder variational
/// autoencoders".
DiagNormal precision_weighted(const DiagNormal& a, const DiagNormal& b);

}  // namespace nelbo
