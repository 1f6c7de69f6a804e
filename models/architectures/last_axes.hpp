#pragma once
#include "autodiff/shape.hpp"
#include "autodiff/tape.hpp"
#include "models/layers/layer.hpp"

namespace nelbo {

/// x with its last `axes` axes as `shape`, of as many numbers: [S, B, X] to [S, B, H, W, C]. A view.
Var last_axes_as(Var x, int axes, const Shape& shape);

/// A layer of rows [N, in] to [N, out], as convolutions are, told as one of values [.., in] to [.., out],
/// whatever the leading axes.
Layer of_rows(Layer layer, const Shape& in, const Shape& out);

}  // namespace nelbo
