#pragma once
#include <string>
#include <type_traits>
#include <utility>

#include "models/distributions/von_mises_points.hpp"
#include "models/posteriors/posterior.hpp"

namespace nelbo {

/// Q(Z|x) that is one distribution whose samples are quantiles of uniform noise, differentiable by implicit
/// reparameterisation: Figurnov, Mohamed and Mnih (2018).
template <Reparameterized Q>
class ImplicitPosterior final : public Posterior {
 public:
  /// `family`: "gamma", for messages. Parameters [B, D].
  ImplicitPosterior(std::string family, Q q) : family_(std::move(family)), q_(std::move(q)) {}

  std::string family() const override { return family_; }
  bool has_rsample() const override { return true; }
  PosteriorSample draw(Var noise) const override {
    const Var z = q_.rsample(noise);
    return {z, q_.log_prob(z)};
  }
  Var log_prob(Var z) const override { return q_.log_prob(z); }
  Var expectation() const override { return q_.expectation(); }
  /// The mean, or the direction of it: modes of gamma, beta and Dirichlet variables may lie where they have no
  /// density.
  Var mode() const override {
    if constexpr (std::is_same_v<Q, VonMisesPoints>) return q_.mode();
    return q_.expectation();
  }
  Var entropy() const override { return q_.entropy(); }
  const Q& distribution() const { return q_; }

 private:
  std::string family_;
  Q q_;
};

/// The distribution of such a posterior, null where it is another.
template <Reparameterized Q>
const Q* distribution_of(const Posterior& q) {
  const auto* const own = dynamic_cast<const ImplicitPosterior<Q>*>(&q);
  return own == nullptr ? nullptr : &own->distribution();
}

}  // namespace nelbo
