#include "models/priors/prior.hpp"

#include "autodiff/error.hpp"

namespace nelbo {

Var Prior::kl(const Posterior&) const {
  throw Error("div(exact): the divergence from the prior " + text() +
              " has no closed form; use div(mc)");
}

Var Prior::prior_factorisation(const Posterior& q) const {
  if (!factorised()) {
    throw Error("pf(exact): its expectation under the prior " + text() +
                " has no closed form; use pf");
  }
  const Var mean = q.expectation();
  return Tape::current().leaf(Shape(mean.shape().dims().first(mean.shape().rank() - 1)),
                              mean.dtype());
}

}  // namespace nelbo
