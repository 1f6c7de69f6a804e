#include "models/priors/prior.hpp"

#include "autodiff/error.hpp"

namespace nelbo {

Var Prior::kl(const Posterior&) const {
  throw Error("the divergence from the prior " + text() +
              " has no closed form; estimate it from samples");
}

Var Prior::prior_factorisation(const Posterior& q) const {
  if (!factorised()) {
    throw Error("the expected factorisation of the prior " + text() +
                " has no exact form; estimate it from samples");
  }
  const Var mean = q.expectation();
  return Tape::current().leaf(Shape(mean.shape().dims().first(mean.shape().rank() - 1)),
                              mean.dtype());
}

}  // namespace nelbo
