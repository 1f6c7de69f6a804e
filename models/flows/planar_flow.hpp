#pragma once
#include <string>

#include "models/flows/flow.hpp"
#include "models/init.hpp"

namespace nelbo {

/// f(z) = z + u tanh(w.z + b), Rezende and Mohamed (2015), eq. (10): log |det J| = log1p((1 - tanh^2) w.u).
/// It can be inverted where w.u > -1: of a free v, with a = w.v,
///   u = v + (elu(a) - a) w / |w|^2,  w.u = elu(a),
/// which is v where a >= 0, and exactly 0 for v = 0 (in place of eq. (23), whose softplus is not). v, b and
/// w less a w of all data are given by the context of each datum, v first: 2 D + 1 of its columns. A context
/// of 0 makes it the identity. Its inverse has no formula.
class PlanarFlow final : public Flow {
 public:
  /// Columns of the context.
  static std::int64_t columns(std::int64_t dimensions) { return 2 * dimensions + 1; }

  /// Declares "name.weight" [D], the w of all data. It reads the context from column `first` on.
  PlanarFlow(ParameterStore& store, const std::string& name, const std::string& group,
             std::int64_t dimensions, std::int64_t first);
  Transformed forward(Var z, std::optional<Var> context) const override;
  Var inverse(Var y, std::optional<Var> context) const override;

 private:
  const ParameterStore* store_;
  std::int64_t dimensions_, first_;
  ParameterId weight_;
};

}  // namespace nelbo
