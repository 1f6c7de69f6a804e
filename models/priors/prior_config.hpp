#pragma once
#include <cstdint>
#include <string>

#include "autodiff/tensor.hpp"
#include "models/posterior_config.hpp"

namespace nelbo {

/// Which prior P0(Z) a model has.
struct PriorConfig {
  enum class Kind {
    normal,        // N(0, I), Zheng eq. (1)
    normal_full,   // N(m, S) with m and S learned
    normal_given,  // N(m, S) with m and S given; from C++ only
    mixture,       // of diagonal normals, learned
    vamp,          // the mixture of the encoder's posteriors at learned pseudo-inputs: Tomczak and
                   // Welling (2018), "VAE with a VampPrior"
    laplace,       // independent, location 0, scale 1
    uniform,       // over the values of a discrete posterior: Bernoulli(1/2)^L, or K^-L
  };
  Kind kind = Kind::normal;
  std::int64_t components = 0;  // K, of mixture and vamp
  Tensor mean{}, covariance{};  // [L] and [L, L], of normal_given
};

/// "normal", "normal:full", "mixture:K", "vamp:K" (1 <= K <= 4096), "laplace" or "uniform". Throws
/// Error naming what was given and what is known.
PriorConfig parse_prior(const std::string& text);

/// The text that parse_prior reads back; "normal:given" for what only C++ can say.
std::string to_string(const PriorConfig& prior);

/// The simplest prior for a posterior: N(0, I), or uniform for discrete ones.
PriorConfig simplest_prior(const PosteriorConfig& posterior);

/// Throws Error unless the prior is over the codes that the posterior makes: uniform for discrete
/// posteriors, any other for normal ones.
void check_prior_for(const PriorConfig& prior, const PosteriorConfig& posterior);

/// Whether div(exact) exists: KL(Q || P0) has a closed form.
bool has_exact_div(const PriorConfig& prior);

}  // namespace nelbo
