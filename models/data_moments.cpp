#include "models/data_moments.hpp"

#include <string>

#include "autodiff/error.hpp"

namespace nelbo {

DataMoments of_features(const DataMoments& moments, std::int64_t features) {
  if (moments.mean.size() == 0) return {};
  const auto vector = [&](const char* name, const Tensor& values) {
    if (values.size() == features) return values.reshape({features});
    throw Error("model: the training " + std::string(name) + " has shape " + values.shape().text() +
                " for " + std::to_string(features) + " features");
  };
  return {vector("mean", moments.mean), vector("variance", moments.variance), moments.extent};
}

}  // namespace nelbo
