#pragma once
#include <cstdint>
#include <string>

#include "models/distributions/distribution.hpp"

namespace nelbo {

/// Which family of posteriors Q(Z|x) an encoder has.
struct PosteriorConfig {
  enum class Kind {
    diagonal,    // normal, with independent dimensions: Zheng eqs (7), (9)
    full,        // normal, with a Cholesky factor
    bernoulli,   // L binary variables
    categorical  // L variables of K classes each, as one-hot rows
  };
  Kind kind = Kind::diagonal;
  std::int64_t classes = 0;  // K, of categorical

  bool discrete() const { return kind == Kind::bernoulli || kind == Kind::categorical; }
  /// Values that one latent variable can have: 2 or K; 0 where it is continuous.
  std::int64_t values() const { return kind == Kind::categorical ? classes : discrete() ? 2 : 0; }
  /// Numbers that one latent variable takes in a code z: K of a one-hot row, else 1.
  std::int64_t width() const { return kind == Kind::categorical ? classes : 1; }
  /// What its samples are made of.
  Noise noise() const { return discrete() ? Noise::uniform : Noise::normal; }

  friend bool operator==(const PosteriorConfig&, const PosteriorConfig&) = default;
};

/// "diagonal", "full", "bernoulli" or "categorical:K" (2 <= K <= 4096). Throws Error naming what
/// was given and what is known.
PosteriorConfig parse_posterior(const std::string& text);

/// The text that parse_posterior reads back.
std::string to_string(const PosteriorConfig& posterior);

}  // namespace nelbo
