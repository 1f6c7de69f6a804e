#pragma once
#include <string>
#include <type_traits>
#include <utility>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/distributions.hpp"
#include "models/distributions/range.hpp"
#include "models/posteriors/implicit_posterior.hpp"
#include "models/priors/check_dimensions.hpp"
#include "models/priors/prior.hpp"
#include "models/priors/uniform_noise.hpp"

namespace nelbo {

/// P0(Z) that is one of the distributions of implicit posteriors, of given parameters.
template <Reparameterized P>
class ImplicitPrior final : public Prior {
 public:
  /// `text`: as it is written. The distribution's parameters have D numbers together.
  ImplicitPrior(std::string text, P p, std::int64_t dimensions)
      : text_(std::move(text)), p_(std::move(p)), dimensions_(dimensions) {}

  std::string text() const override { return text_; }
  bool factorised() const override { return !std::is_same_v<P, Dirichlet>; }
  Var log_prob(Var z) const override {
    check_dimensions(*this, z, dimensions_);
    return p_.log_prob(z);
  }
  Var marginal_log_prob(Var z) const override {
    check_dimensions(*this, z, dimensions_);
    if constexpr (std::is_same_v<P, Dirichlet>) {
      return p_.log_marginals(z);
    } else {
      return p_.log_densities(z);
    }
  }
  /// Two numbers make a uniform one.
  std::int64_t noise_dimensions() const override { return 2 * dimensions_; }
  Var sample(Var noise) const override {
    check_dimensions(*this, noise, noise_dimensions());
    const Var u = uniform_noise(noise);
    return stop(p_.sample(clamp(u, smallest_positive(u.dtype()), largest_below_one(u.dtype()))));
  }
  /// Of a posterior of the same family.
  std::optional<Var> kl(const Posterior& q) const override {
    if constexpr (HasKl<P, P>) {
      if (const P* const own = distribution_of<P>(q)) return nelbo::kl(*own, p_);
    }
    return std::nullopt;
  }

 private:
  std::string text_;
  P p_;
  std::int64_t dimensions_;
};

}  // namespace nelbo
