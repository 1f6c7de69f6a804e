#pragma once
#include <string>
#include <utility>

#include "models/distributions/diag_normal.hpp"
#include "models/priors/prior.hpp"

namespace nelbo {

/// N(0, I), Zheng eq. (1).
class StandardNormalPrior : public Prior {
 public:
  explicit StandardNormalPrior(std::int64_t dimensions) : dimensions_(dimensions) {}

  std::string text() const override { return "normal"; }
  bool factorised() const override { return true; }
  bool standard_normal() const override { return true; }
  Var log_prob(Var z) const override;
  Var marginal_log_prob(Var z) const override;
  std::int64_t noise_dimensions() const override { return dimensions_; }
  Var sample(Var noise) const override;
  std::optional<Var> kl(const Posterior& q) const override;

 private:
  std::int64_t dimensions_;
};

/// N(mean, diag s2), given or with parameters of a model.
class DiagNormalPrior : public Prior {
 public:
  /// mean and log-variance [D].
  DiagNormalPrior(std::string text, const DiagNormal& normal)
      : text_(std::move(text)), normal_(normal) {}

  std::string text() const override { return text_; }
  bool factorised() const override { return true; }
  Var log_prob(Var z) const override { return normal_.log_prob(z); }
  Var marginal_log_prob(Var z) const override;
  std::int64_t noise_dimensions() const override { return normal_.mean.shape()[-1]; }
  Var sample(Var noise) const override { return normal_.sample(noise); }
  std::optional<Var> kl(const Posterior& q) const override;

 private:
  std::string text_;
  DiagNormal normal_;
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
