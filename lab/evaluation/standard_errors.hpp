#pragma once
#include <cstdint>

#include "lab/statistics/estimate.hpp"
#include "lab/data/examples.hpp"
#include "models/vae.hpp"

namespace nelbo {

/// The terms of the bound, nats per datum.
struct Estimates {
  Estimate elbo;  // -(nell + div), Zheng eqs (13)-(14)
  Estimate nell;  // eq. (15), one draw of z per datum
  Estimate div;   // eq. (16), closed form
};

/// Evaluates every example once, in batches and without gradients, with the noise that `nelbo
/// train` uses for its held-out figures under the same seed.
Estimates estimate_terms(const Vae& model, const Examples& examples, std::uint64_t seed);

}  // namespace nelbo
