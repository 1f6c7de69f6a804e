#pragma once
#include <cstdint>
#include <functional>

#include "autodiff/parameters.hpp"

namespace nelbo {

// Initial values of parameters, from the stream `init`. Every number is a function of the seed, the
// parameter's name and its place, so a layer more or less changes no other layer's start.
//
// fan_in and fan_out are the numbers of inputs that one output sees and of outputs that one input
// reaches: I and O of a dense layer, C KH KW and O KH KW of a convolution.

/// Zeros: biases; the last layer of a residual branch, which then starts as the identity.
Initializer zeros();

/// Uniform in +- sqrt(6 / (fan_in + fan_out)); Glorot and Bengio (2010), eq. (16). Keeps the
/// variance of activations and of gradients in tanh networks.
Initializer glorot_uniform(std::int64_t fan_in, std::int64_t fan_out);

/// Normal with variance 2 / fan_in; He et al. (2015), eq. (10). Keeps the variance in relu
/// networks. fan_out is not used; it makes the signature that of a WeightInit.
Initializer he_normal(std::int64_t fan_in, std::int64_t fan_out = 0);

/// Uniform in +- sqrt(6 / fan_in): He et al.'s variance.
Initializer he_uniform(std::int64_t fan_in, std::int64_t fan_out = 0);

/// gain * Q, Q uniformly distributed among the matrices with orthonormal columns (or rows,
/// whichever are fewer); Saxe et al. (2014). The matrix is the parameter with all axes but the
/// first flattened: [I, O] of a dense layer, [O, C*KH*KW] of a convolution. Throws Error (when the
/// store is frozen) for a parameter of rank below 2.
Initializer orthogonal(double gain = 1);

/// The values given, converted to the store's type. Throws Error (when the store is frozen) if the
/// shapes differ.
Initializer constant(const Tensor& values);

/// The first columns of a parameter [I, O] as `initializer` starts a parameter [I, columns]; zeros
/// in the others.
Initializer first_columns(std::int64_t columns, Initializer initializer);

/// Every row of a parameter [K, X] at centre + deviation n, with standard normal numbers n. centre
/// and deviation [X]. Throws Error (when the store is frozen) if the shapes differ.
Initializer scattered(const Tensor& centre, const Tensor& deviation);

/// What `make` returns when the store is frozen, and never asked for where values come from a file: what
/// depends on data that are not at hand then.
Initializer deferred(std::function<Initializer()> make);

/// How a layer starts its weight, given the fans that the layer knows: `glorot_uniform`,
/// `he_normal`, or `[](auto, auto) { return orthogonal(); }`.
using WeightInit = std::function<Initializer(std::int64_t fan_in, std::int64_t fan_out)>;

}  // namespace nelbo
