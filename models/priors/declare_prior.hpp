#pragma once
#include <functional>
#include <memory>

#include "autodiff/parameters.hpp"
#include "models/data_moments.hpp"
#include "models/priors/prior.hpp"
#include "models/vae_config.hpp"

namespace nelbo {

/// Records a prior on the current tape.
using PriorRecorder = std::function<std::shared_ptr<const Prior>()>;

/// Declares the parameters of config.prior, all in group "psi", for config.latent dimensions:
///   prior.mean [L], .log_diagonal [L], .below [L (L-1) / 2]   normal:full; the Cholesky factor is
///       exp(log_diagonal) on the diagonal and `below` row by row; starts at N(0, I)
///   prior.logits [K], .means [K, L], .log_variances [K, L]    mixture:K; starts with equal
///   weights,
///       variances 1/2 and means from N(0, I/2): together about N(0, I)
///   prior.pseudo_inputs [K, X]                                vamp:K; logits for Bernoulli data
///       (the encoder sees their sigmoids, which stay in the data's range), else the data
///       themselves; start at the training mean plus noise: 1 in logits, else the training
///       deviation
/// `encoder` is the model's own Q(Z|x). Throws Error for a given normal of the wrong size.
PriorRecorder declare_prior(const VaeConfig& config, const DataMoments& moments,
                            ParameterStore& store, std::function<Posterior(Var x)> encoder);

}  // namespace nelbo
