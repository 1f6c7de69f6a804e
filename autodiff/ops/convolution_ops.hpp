#pragma once
#include "autodiff/activation.hpp"
#include "autodiff/tape.hpp"

namespace nelbo {

/// activation(x * weight + bias), a cross-correlation as in every deep-learning library.
/// x [B, H, W, C] (channel-last), weight [O, C, KH, KW], bias [O]; result [B, OH, OW, O] with
/// OH = (H + 2 padding - KH) / stride + 1. Throws Error if the shapes do not fit.
Var conv2d(Var x, Var weight, Var bias, int stride = 1, int padding = 0,
           Activation activation = Activation::identity);

/// The transpose of conv2d with respect to its input, then bias and activation.
/// x [B, H, W, C], weight [C, O, KH, KW], bias [O]; result [B, OH, OW, O] with
/// OH = (H - 1) stride - 2 padding + KH. Throws Error if the shapes do not fit.
Var conv_transpose2d(Var x, Var weight, Var bias, int stride = 1, int padding = 0,
                     Activation activation = Activation::identity);

}  // namespace nelbo
