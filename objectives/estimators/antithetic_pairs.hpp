#pragma once
#include "objectives/estimators/weighted_rule.hpp"

namespace nelbo::estimators {

/// A rule that compares f of two antithetic samples of Bernoulli variables with logits l, 2i and 2i + 1:
/// of k samples phi gets (f_s - f_s')/(2k) times the gradient of contrast_s, s' the other of the pair, and
/// -a_s grad log Q. Of mc(k) with an even k, the ELBO of k samples.
class AntitheticPairs : public WeightedRule {
 public:
  explicit AntitheticPairs(About about);

  Coupling coupling() const override { return Coupling::antithetic; }
  std::string unfit(const CodeSpace& codes) const override;
  std::vector<Direct> direct(const CodeBlock& codes, const Bound& bound) const override;
  /// The samples of a pair are not independent of each other.
  bool has_expectations() const override { return false; }

 protected:
  /// sum_d stop(c_sd) l_d, [S, B], of samples z and the noise that they are made of, [S, B, D]; c changes its
  /// sign where the samples of a pair are exchanged.
  virtual Var contrast(const Posterior& q, Var z, Var noise) const = 0;
};

/// The logits. Throws Error saying that `rule` needs binary codes for another family.
Var binary_logits(const std::string& rule, const Posterior& q);

}  // namespace nelbo::estimators
