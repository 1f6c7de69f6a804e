#include "models/likelihoods/likelihood.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {

Var Likelihood::feature_log_prob(Var, Var) const {
  throw Error("the likelihood " + text() +
              " gives no probability of each feature alone, which data with missing entries need");
}

std::shared_ptr<const Likelihood> Likelihood::declared(ParameterStore&, std::int64_t,
                                                       const DataMoments&) const {
  return nullptr;
}

Var Likelihood::parameter(Var output, std::int64_t p) const {
  const std::int64_t features = output.shape()[-1] / outputs();
  return outputs() == 1 ? output : slice(output, -1, p * features, (p + 1) * features);
}

}  // namespace nelbo
