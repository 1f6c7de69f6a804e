#pragma once
#include <cstdint>

#include "models/posteriors/posterior_family.hpp"

namespace nelbo {

// Flows as the ends of encoders (flow_posterior.hpp). The first columns of the last layer's output are those
// of `diagonal`, with its start; the others, which start at 0, are the context of each datum. Every one
// starts at the identity: as the diagonal normal, bit for bit. Up to 4,096 latent variables.

/// z = U z_0 with a unit triangular U of all data, the linear autoregressive step: a normal whose Cholesky
/// factor is U diag s(x). Parameters posterior.0.below.
PosteriorFamily affine_family();
/// K inverse autoregressive steps, every other one in reversed order, of networks that see a context of
/// max(32, L) numbers: Kingma et al. (2016). Parameters posterior.K.*: masked_mlp.hpp.
PosteriorFamily iaf_family(std::int64_t steps);
/// K coupling layers, of even and of odd places in turn: Dinh et al. (2017). Context and parameters as iaf.
PosteriorFamily realnvp_family(std::int64_t steps);
/// K planar steps: Rezende and Mohamed (2015). The context is u, w and b of each; parameters
/// posterior.K.weight: planar_flow.hpp.
PosteriorFamily planar_family(std::int64_t steps);

}  // namespace nelbo
