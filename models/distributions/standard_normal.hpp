#pragma once
#include "models/distributions/distribution.hpp"

namespace nelbo {

/// N(0, I) in D dimensions: the prior P0(Z) of Zheng eq. (1). It has no parameters; what it returns
/// without being given a variable is of type `dtype`.
struct StandardNormal {
  std::int64_t dimensions;  // D
  DType dtype = DType::f32;

  static constexpr int event_rank = 1;
  static constexpr bool has_rsample = true;
  static constexpr Noise noise = Noise::normal;

  /// x [S, B, D] gives [S, B]. Throws Error if x does not end in D.
  Var log_prob(Var x) const;
  /// The noise itself.
  Var rsample(Var noise) const { return noise; }
  Var sample(Var noise) const;
  /// D/2 log 2 pi e, rank 0.
  Var entropy() const;
  /// Zeros [D].
  Var expectation() const;
  Var mode() const { return expectation(); }
  StandardNormal detached() const { return *this; }
};

static_assert(Reparameterized<StandardNormal>);

}  // namespace nelbo
