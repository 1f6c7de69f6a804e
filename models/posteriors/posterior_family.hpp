#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "autodiff/parameters.hpp"
#include "models/code_space.hpp"
#include "models/posteriors/posterior.hpp"
#include "models/registry.hpp"

namespace nelbo {

/// Records Q(Z|x) of the output [B, outputs] of an encoder's last layer.
using PosteriorRecorder = std::function<std::shared_ptr<const Posterior>(Var output)>;

/// A family of posteriors as the last layer of an encoder gives it: a name of the language, read with
/// its argument. L latent variables, D numbers of a code.
struct PosteriorFamily {
  /// What the encoder's last layer gives for one datum. Its first `started` outputs start
  /// Glorot-uniform as layers of `part` outputs each, the others at 0.
  struct Head {
    std::int64_t outputs = 0, started = 0, part = 0;
  };

  std::string text;  // as it is written: "categorical:5"
  std::function<CodeSpace(std::int64_t latent)> codes;
  std::function<Head(const CodeSpace& codes)> head;
  /// Q(Z|x) of the last layer's output [B, outputs].
  std::function<std::shared_ptr<const Posterior>(Var output, const CodeSpace& codes)> posterior;
  /// Of a family that has parameters beside the encoder's, in place of posterior(): declares them, group
  /// "phi", names "posterior.*". The store outlives what records.
  std::function<PosteriorRecorder(const CodeSpace& codes, ParameterStore& store)> declare = {};

  /// Whether Q(Z|x) is a normal, of which a prior can be made.
  bool normal = true;
  /// L where the family says it itself, whatever is asked of codes(); 0 where it does not.
  std::int64_t variables = 0;

  /// Declares what there is to declare.
  PosteriorRecorder recorder(const CodeSpace& codes, ParameterStore& store) const;
};

/// A name of posteriors.
struct PosteriorWord {
  std::string name;
  std::string usage;    // "categorical:K"
  std::string summary;  // one line for --help
  std::function<PosteriorFamily(const Choice&)> make;
};

/// diagonal, full, bernoulli and categorical:K, and a program's own. In each the columns of the last
/// layer's output are
///   diagonal       mu [L], log s2 [L]: Zheng eqs (7), (9)
///   full           mu [L], log L_dd^2 [L], and what is below the diagonal, row by row
///   bernoulli      logits [L]
///   categorical:K  logits [L K], the K of a variable together; 2 <= K <= 4096
///   affine, iaf:K, realnvp:K, planar:K  those of diagonal and a context: flow_families.hpp
///   gamma, beta, dirichlet, von_mises, student  implicit_families.hpp
Registry<PosteriorWord>& posteriors();

/// N(mu, diag s2) of the first 2 L columns, mu and log s2, of a last layer's output.
DiagNormal diagonal_of(Var output, std::int64_t latent);

/// Reads "full", "categorical:5" or blocks, "diagonal:8+bernoulli:4" (product_family.hpp).
/// Throws Error naming what was given and what is known.
PosteriorFamily parse_posterior(const std::string& text);

}  // namespace nelbo
