#include "models/likelihoods/likelihood.hpp"

namespace nelbo {

Tensor Likelihood::output_deviation(const DataMoments& moments) const {
  return Tensor::full({moments.mean.size()}, 1);
}

std::shared_ptr<const Likelihood> Likelihood::declared(ParameterStore&, std::int64_t,
                                                       const DataMoments&) const {
  return nullptr;
}

}  // namespace nelbo
