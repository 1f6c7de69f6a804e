#pragma once
#include "models/priors/prior.hpp"

namespace nelbo {

/// N(0, I), Zheng eq. (1).
class StandardNormalPrior : public Prior {
 public:
  explicit StandardNormalPrior(std::int64_t dimensions) : dimensions_(dimensions) {}

  std::string text() const override { return "normal"; }
  bool factorised() const override { return true; }
  Var log_prob(Var z) const override;
  Var marginal_log_prob(Var z) const override;
  std::int64_t noise_dimensions() const override { return dimensions_; }
  Var sample(Var noise) const override;
  Var kl(const Posterior& q) const override;

 private:
  std::int64_t dimensions_;
};

/// D independent Laplace variables of location 0 and scale 1 (variance 2): exp(-|z_d|) / 2.
class LaplacePrior : public Prior {
 public:
  explicit LaplacePrior(std::int64_t dimensions) : dimensions_(dimensions) {}

  std::string text() const override { return "laplace"; }
  bool factorised() const override { return true; }
  Var log_prob(Var z) const override;
  Var marginal_log_prob(Var z) const override;
  /// A Laplace variable is the determinant n1 n2 - n3 n4 of four normal numbers.
  std::int64_t noise_dimensions() const override { return 4 * dimensions_; }
  Var sample(Var noise) const override;

 private:
  std::int64_t dimensions_;
};

}  // namespace nelbo
