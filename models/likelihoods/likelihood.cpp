#include "models/likelihoods/likelihood.hpp"

#include "autodiff/error.hpp"

namespace nelbo {

Var Likelihood::feature_log_prob(Var, Var) const {
  throw Error("the likelihood " + text() +
              " gives no probability of each feature alone, which data with missing entries need");
}

Tensor Likelihood::output_deviation(const DataMoments& moments) const {
  return Tensor::full({moments.mean.size()}, 1);
}

std::shared_ptr<const Likelihood> Likelihood::declared(ParameterStore&, std::int64_t,
                                                       const DataMoments&) const {
  return nullptr;
}

}  // namespace nelbo
