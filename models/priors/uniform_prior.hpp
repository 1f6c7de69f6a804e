#pragma once
#include "models/code_space.hpp"
#include "models/priors/prior.hpp"

namespace nelbo {

/// L independent variables that take each of their K values with probability 1/K: Bernoulli(1/2),
/// K = 2, or one-hot rows. It has no parameters.
class UniformPrior : public Prior {
 public:
  /// For discrete codes.
  explicit UniformPrior(const CodeSpace& codes) : codes_(codes) {}

  std::string text() const override { return "uniform"; }
  bool factorised() const override { return true; }
  /// -L log K, whatever the code.
  Var log_prob(Var z) const override;
  /// -log K of every variable, [S, B, L].
  Var marginal_log_prob(Var z) const override;
  std::int64_t noise_dimensions() const override { return codes_.dimensions(); }
  /// The sign of a normal number, or the place of the largest of K, is uniform.
  Var sample(Var noise) const override;
  /// L log K - H[Q].
  std::optional<Var> kl(const Posterior& q) const override;

 private:
  CodeSpace codes_;
};

}  // namespace nelbo
