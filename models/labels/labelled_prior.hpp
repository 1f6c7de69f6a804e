#pragma once
#include <memory>
#include <string>
#include <utility>

#include "models/priors/prior.hpp"

namespace nelbo {

/// P0(z, c) = P0(z) / K of codes [z c], z of L numbers and c a label of K classes, a one-hot row: Kingma
/// et al. (2014), eq. (2). Samples of a datum whose label is told have that label.
class LabelledPrior final : public Prior {
 public:
  /// told [B, K]: labels that samples have (labelled_posterior.hpp); the prior of z.
  LabelledPrior(Var told, std::shared_ptr<const Prior> of_z)
      : told_(told), of_z_(std::move(of_z)) {}

  std::string text() const override { return of_z_->text(); }
  bool factorised() const override { return false; }
  Var log_prob(Var z) const override;
  std::int64_t noise_dimensions() const override { return of_z_->noise_dimensions() + 2; }
  Var sample(Var noise) const override;
  /// Of a labelled posterior, where KL(Q(Z|x, c) || P0) has a closed form: sum_c Q(c|x) (KL + log Q(c|x) +
  /// log K).
  std::optional<Var> kl(const Posterior& q) const override;

 private:
  std::int64_t classes() const { return told_.shape()[-1]; }

  Var told_;
  std::shared_ptr<const Prior> of_z_;
};

}  // namespace nelbo
