#include "models/priors/prior.hpp"

#include "autodiff/error.hpp"

namespace nelbo {

Var Prior::marginal_log_prob(Var) const {
  throw Error("the prior " + text() + " gives no density of each dimension alone");
}

std::optional<Var> Prior::kl(const Posterior&) const { return std::nullopt; }

std::optional<Var> Prior::prior_factorisation(const Posterior& q) const {
  if (!factorised()) return std::nullopt;
  const Var mean = q.expectation();
  return Tape::current().leaf(Shape(mean.shape().dims().first(mean.shape().rank() - 1)),
                              mean.dtype());
}

}  // namespace nelbo
