#include "models/likelihoods/bernoulli_likelihood.hpp"

#include <algorithm>
#include <cmath>

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "models/distributions/bernoulli.hpp"

namespace nelbo {

Var BernoulliLikelihood::log_prob(Var output, Var x) const { return Bernoulli{output}.log_prob(x); }

Var BernoulliLikelihood::feature_log_prob(Var output, Var x) const {
  return x * output - softplus(output);
}

Var BernoulliLikelihood::mean(Var output) const { return sigmoid(output); }

Var BernoulliLikelihood::sample(Var output, Var noise) const {
  return Bernoulli{output}.sample(noise);
}

Tensor BernoulliLikelihood::output_start(const DataMoments& moments) const {
  std::vector<double> start = moments.mean.values();
  for (double& m : start) {
    constexpr double rounding = 1e-6;  // of sums over the data
    if (!std::isfinite(m)) throw Error("data moments: a feature's mean is not finite");
    if (m < -rounding || m > 1 + rounding) {
      throw Error("data moments: a feature's mean is " + std::to_string(m) +
                  ", but a Bernoulli likelihood needs data in [0, 1]; choose a normal one");
    }
    const double p = std::clamp(m, 0.001, 0.999);
    m = std::log(p / (1 - p));
  }
  return Tensor::of(start, {moments.mean.size()}, DType::f64);
}

}  // namespace nelbo
