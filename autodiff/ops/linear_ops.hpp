#pragma once
#include "autodiff/activation.hpp"
#include "autodiff/tape.hpp"

namespace nelbo {

/// a [..., M, K] times b [..., K, N]: [..., M, N]. Leading axes broadcast as in NumPy; transposed
/// views are read where they are. Throws Error if the shapes do not fit.
Var matmul(Var a, Var b);

/// activation(x W + b) in one pass. x [..., I], weight [I, O], bias [O]; result [..., O].
/// If x is data (no gradient passes to it) and mostly zeros, as binarised images are, zeros are
/// skipped, forward and in the gradient of the weight; an infinite weight then has no influence
/// where x is 0. Throws Error if the shapes do not fit.
Var linear(Var x, Var weight, Var bias, Activation activation = Activation::identity);

/// The nonlinearity as an operator of its own.
Var activate(Var x, Activation activation);

}  // namespace nelbo
