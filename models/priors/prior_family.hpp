#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "autodiff/parameters.hpp"
#include "models/code_space.hpp"
#include "models/likelihoods/likelihood.hpp"
#include "models/posteriors/posterior.hpp"
#include "models/priors/prior.hpp"
#include "models/registry.hpp"

namespace nelbo {

/// Records P0(Z) on the current tape.
using PriorRecorder = std::function<std::shared_ptr<const Prior>()>;
/// Records P0(Z|c) of a condition [B, C].
using ConditionalPriorRecorder = std::function<std::shared_ptr<const Prior>(Var condition)>;

/// What the model offers to a prior that is declared with it.
struct PriorContext {
  const CodeSpace& codes;
  ParameterStore& store;
  std::int64_t features;       // X
  const DataMoments& moments;  // empty where parameters come from a file
  std::shared_ptr<const Likelihood> likelihood;
  /// The encoder, for priors that are made of posteriors: x [K, X] to Q(Z|x).
  std::function<std::shared_ptr<const Posterior>(Var x)> encoder;
  std::int64_t conditions = 0;  // C
  std::string name = "prior";   // what its parameters' names begin with
};

/// Which prior P0(Z) a model has: a name of the language, read with its argument.
struct PriorFamily {
  std::string text;  // as it is written: "mixture:10"
  /// Why it is no prior over such codes; empty where it is.
  std::function<std::string(const CodeSpace&)> unfit = [](const CodeSpace&) {
    return std::string();
  };
  /// Declares its parameters, group "psi", names PriorContext::name + ".*". Throws Error for what it cannot be given.
  std::function<PriorRecorder(const PriorContext&)> declare;
  bool moves_encoder = false;  // it is made of the encoder's posteriors
  /// The same of a prior P0(Z|c), in the place of `declare`.
  std::function<ConditionalPriorRecorder(const PriorContext&)> declare_conditional = {};
};

/// A name of priors.
struct PriorWord {
  std::string name;
  std::string usage;    // "mixture:K"
  std::string summary;  // one line for --help
  std::function<PriorFamily(const Choice&)> make;
};

/// The built-in ones, and a program's own. Parameters:
///   normal       none: N(0, I), Zheng eq. (1)
///   normal:full  prior.mean [L], prior.log_diagonal [L], prior.below [L (L-1)/2]: N(m, F F') with the
///                triangular factor F, starting at N(0, I)
///   mixture:K    prior.logits [K], prior.means [K, L], prior.log_variances [K, L]; components start
///                at N(n_k, 1/2 I) with n_k from N(0, 1/2 I), so that the whole is near N(0, I)
///   vamp:K       prior.pseudo_inputs [K, X], brought into the likelihood's support (pseudo_inputs.hpp):
///                the equally weighted mixture of Q(Z|x_k). They start scattered about the data's
///                mean. Tomczak and Welling (2018), "VAE with a VampPrior"
///   laplace      none: independent, location 0, scale 1
///   uniform      none: over the values of discrete codes, Bernoulli(1/2)^L or K^-L
///   bernoulli    prior.logits [L], of independent bits; it starts at probabilities 1/2
///   conditional  prior.weight [C, 2 L], prior.bias [2 L]: P0(Z|c) is a diagonal normal whose means
///                and log-variances are linear in the condition; it starts at N(0, I)
///   categorical  prior.logits [L, K], of independent one-hot rows; it starts at probabilities 1/K
///   realnvp:K, maf:K  prior.K.*, masked_mlp.hpp: K coupling layers, or masked autoregressive steps, take
///                codes to standard normal noise; every other step is in the other order. They start at
///                N(0, I). Dinh et al. (2017); Papamakarios et al. (2017)
///   gamma, beta, dirichlet, von_mises, student  none: implicit_priors.hpp
Registry<PriorWord>& priors();

/// Reads "normal", "mixture:10" (1 <= K <= 4096) or, of codes in blocks, "normal+uniform"
/// (product_prior.hpp). Throws Error naming what was given and what is
/// known.
PriorFamily parse_prior(const std::string& text);

/// N(mean, covariance) with mean [L] and covariance [L, L] as given; from C++ only.
PriorFamily given_normal_prior(const Tensor& mean, const Tensor& covariance);

/// The simplest prior for codes: N(0, I), uniform over discrete ones, of each block its own, and else the one
/// of their support, as its name alone says.
PriorFamily simplest_prior(const CodeSpace& codes);

}  // namespace nelbo
