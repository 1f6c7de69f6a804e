#pragma once
#include <span>
#include <vector>

#include "autodiff/parameters.hpp"

namespace nelbo::gradvar {

/// The parameters of a group or a layer: ranges of the flat buffer that do not overlap.
using Ranges = std::vector<Range>;

/// Sums over the parameters of `ranges`, in double, in an order that the ranges alone decide.
double dot(std::span<const double> a, std::span<const double> b, const Ranges& ranges);
double dot(std::span<const double> a, std::span<const float> b, const Ranges& ranges);
double squared_norm(std::span<const double> a, const Ranges& ranges);

/// A unit direction u within the parameters of a group, on which gradients are projected.
class Projection {
 public:
  /// Takes the direction of `v` [P] within `ranges`.
  Projection(std::span<const double> v, Ranges ranges);

  /// False where v is 0: there is no direction then, and all projections are 0.
  bool defined() const { return defined_; }

  /// u.g of a gradient [P].
  double along(std::span<const float> gradient) const;
  double along(std::span<const double> gradient) const;

 private:
  Ranges ranges_;
  std::vector<double> unit_;  // the ranges one after the other
  bool defined_;
};

}  // namespace nelbo::gradvar
