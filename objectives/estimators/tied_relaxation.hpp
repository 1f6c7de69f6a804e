#pragma once
#include "models/posteriors/posterior.hpp"

namespace nelbo::estimators {

/// Relaxed codes of the noise that a posterior's samples b are made of, and beside them those of noise
/// that is drawn anew given b: Tucker et al. (2017), "REBAR", section 3. With scores z (logits plus the
/// noise's logistic or Gumbel numbers) and z~ those given b, y = s_T(z) = s_T(z~) in value, because the second
/// noise is tied to the first (their appendix: common random numbers), and
///
///   grad c(y) here = grad c(s_T(z)) - grad c(s_T(z~)),
///
/// so that one evaluation of c serves both. With a logit l of a bit
///   dz/dl - dz~/dl = 1 - (1 - exp(-|z|)) sigmoid(l if b else -l),
/// and of a one-hot row, by its log-probabilities, exp(z_k - max_j z_j).
class TiedRelaxation {
 public:
  /// Of noise [S, B, D]. Throws Error naming `rule` where q is neither Bernoulli nor one-hot categorical.
  TiedRelaxation(const std::string& rule, const Posterior& q, Var noise);

  /// y [S, B, D] at a temperature T [1]. Its gradient also passes to T.
  Var codes(Var temperature) const;
  /// Where y would be if the logits were moved by `step` T along `direction` [S, B, D]: (c of it at step less
  /// c at -step) / (2 step T) is the derivative of the above along the direction. To T alone a gradient
  /// passes, at a fixed step T.
  Var moved(Var temperature, Var direction, double step) const;

 private:
  Var in_rows(Var x) const;
  Var relaxed(Var scores, Var temperature) const;

  std::int64_t classes_ = 0;  // K of one-hot rows, 0 of bits
  Shape shape_;               // [S, B, D]
  Var scores_, slope_;        // z and dz - dz~, [S, B, D], or [S, B, L, K] by row
  Var probabilities_;         // of rows
};

}  // namespace nelbo::estimators
