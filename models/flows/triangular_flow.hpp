#pragma once
#include <string>

#include "models/flows/flow.hpp"
#include "models/init.hpp"

namespace nelbo {

/// f(z) = U z with a lower triangular matrix U of ones on its diagonal: the autoregressive step of linear
/// masks. log |det J| = 0. It starts at the identity.
class TriangularFlow final : public Flow {
 public:
  /// Declares "name.below" [D (D - 1) / 2], what stands below the diagonal of U, row by row.
  TriangularFlow(ParameterStore& store, const std::string& name, const std::string& group,
                 std::int64_t dimensions);
  Transformed forward(Var z, std::optional<Var> context) const override;
  Var inverse(Var y, std::optional<Var> context) const override;

 private:
  Var matrix() const;

  const ParameterStore* store_;
  std::int64_t dimensions_;
  ParameterId below_;
};

}  // namespace nelbo
