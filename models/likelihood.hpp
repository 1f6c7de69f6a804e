#pragma once
#include <string>

namespace nelbo {

/// How P(X|z) scatters about the decoder's output.
struct Likelihood {
  enum class Kind {
    bernoulli,       // the output is a logit
    normal,          // the output is a mean; the variance is given
    normal_learned,  // the output is a mean; one learned variance per feature
  };
  Kind kind = Kind::bernoulli;
  double variance = 1;  // of Kind::normal; 1 is Zheng eq. (2)

  friend bool operator==(const Likelihood&, const Likelihood&) = default;
};

/// "bernoulli", "normal" (variance 1), "normal:VAR" or "normal:learned". Throws Error naming what
/// was given and what is known.
Likelihood parse_likelihood(const std::string& text);

/// The text that parse_likelihood reads back exactly.
std::string to_string(const Likelihood& likelihood);

}  // namespace nelbo
