#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "autodiff/tape.hpp"

namespace nelbo {

/// One step of a masked affine flow, f(z) = z exp(a) + m, as it was computed.
struct MaskedAffineStep {
  Var score;          // s, the gradient of a log-density at z, [S, B, D]
  Var z;              // [S, B, D]
  Var log_scale;      // a = 2 tanh(r/2), [S, B, D]
  Var hidden;         // h = tanh(z W + ..), [S, B, H]
  Var hidden_weight;  // W [D, H], masked
  Var output_weight;  // of (m, r), [H, 2D], masked
};

/// J^-T (s - grad_z sum a), [S, B, D]: Transformed::push_score. J is triangular in the order of the masks,
/// so that one walk through the places, by falling degree (`descending`), solves for one number after the
/// other and carries on what the units say of it: O(D H) for each code, as the step itself, where D products
/// with the masked network would take O(D^2 H). It has no derivative.
Var masked_affine_score(const MaskedAffineStep& step,
                        const std::shared_ptr<const std::vector<std::int64_t>>& descending);

}  // namespace nelbo
