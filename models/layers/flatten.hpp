#pragma once
#include "autodiff/tape.hpp"

namespace nelbo {

/// [B, ...] to [B, F]: all axes but the first become one, in row-major order (images: row, column,
/// channel). A view.
class Flatten {
 public:
  /// Throws Error for a scalar.
  Var operator()(Var x) const;
};

/// [..., F] to [B, <example>]: the opposite. All axes but the last become one batch axis. A view.
class Unflatten {
 public:
  explicit Unflatten(const Shape& example) : example_(example) {}
  /// Throws Error if F is not the example's size.
  Var operator()(Var x) const;

 private:
  Shape example_;
};

}  // namespace nelbo
