#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "autodiff/tape.hpp"

namespace nelbo {

/// Of the families of flows: a masked matrix has 2 D^2 numbers.
namespace flow_limits {
inline constexpr std::int64_t latent = 4096, steps = 64;
/// Of steps x latent^2 where a masked network says each: six times as many weights.
inline constexpr std::int64_t masked = std::int64_t{1} << 24;
}  // namespace flow_limits

/// What a flow makes of codes z.
struct Transformed {
  Var z;        // f(z), [S, B, D]
  Var log_det;  // log |det df/dz|, [S, B]
  /// Of the gradient of a log-density at z, [S, B, D], that of the density which f makes of it, at f(z):
  ///   s' = J^-T (s - grad log |det J|),  J = df/dz,
  /// along the numbers that f(z) was computed from, without an inverse. It is data: no gradient passes.
  std::function<Var(Var score)> push_score;
};

/// An invertible map of codes, recorded on the current tape, whose parameters live in a store. It may
/// depend on a context [B, C] of every datum. Rezende and Mohamed (2015), "Variational inference with
/// normalizing flows". Immutable.
class Flow {
 public:
  virtual ~Flow() = default;
  /// f(z) of z [S, B, D].
  virtual Transformed forward(Var z, std::optional<Var> context) const = 0;
  /// z with f(z) = y, [S, B, D], through which gradients pass. Throws Error where it has no formula.
  virtual Var inverse(Var y, std::optional<Var> context) const = 0;
};

}  // namespace nelbo
