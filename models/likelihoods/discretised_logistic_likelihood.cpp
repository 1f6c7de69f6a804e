#include "models/likelihoods/discretised_logistic_likelihood.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/threads.hpp"
#include "models/distributions/discretized_logistic.hpp"
#include "models/distributions/range.hpp"
#include "models/likelihoods/logistic_start.hpp"
#include "models/likelihoods/moments_of.hpp"

namespace nelbo {

DiscretisedLogisticLikelihood::DiscretisedLogisticLikelihood(std::int64_t components)
    : components_(components) {
  if (components >= 1) return;
  throw Error("likelihood discretised_logistic: " + std::to_string(components) +
              " components; there must be at least 1");
}

std::string DiscretisedLogisticLikelihood::text() const {
  const std::string name = "discretised_logistic";
  return components_ == 1 ? name : name + ":" + std::to_string(components_);
}

Var DiscretisedLogisticLikelihood::blocks(Var output, std::int64_t first,
                                          std::int64_t count) const {
  const std::int64_t features = output.shape()[-1] / outputs();
  const Shape& all = output.shape();
  std::vector<std::int64_t> dims(all.dims().begin(), all.dims().end() - 1);
  dims.insert(dims.end(), {count, features});
  return reshape(slice(output, -1, first * features, (first + count) * features),
                 Shape(std::span<const std::int64_t>(dims)));
}

Var DiscretisedLogisticLikelihood::log_weights(Var output) const {
  return log_softmax(blocks(output, 0, components_), -2);
}

Var DiscretisedLogisticLikelihood::means(Var output) const {
  return blocks(output, components_ == 1 ? 0 : components_, components_);
}

Var DiscretisedLogisticLikelihood::log_scales(Var output) const {
  return blocks(output, components_ == 1 ? 1 : 2 * components_, components_);
}

Var DiscretisedLogisticLikelihood::log_prob(Var output, Var x) const {
  if (components_ == 1) {
    return DiscretizedLogistic{parameter(output, 0), parameter(output, 1)}.log_prob(x);
  }
  const Var beside = reshape(x, {x.shape()[0], 1, x.shape()[-1]});
  const Var of_each = DiscretizedLogistic{means(output), log_scales(output)}.log_masses(beside);
  return sum(logsumexp(log_weights(output) + of_each, -2), -1);
}

Var DiscretisedLogisticLikelihood::mean(Var output) const {
  if (components_ == 1) return rounded_logistic_mean(parameter(output, 0), parameter(output, 1));
  const Var of_each = rounded_logistic_mean(means(output), log_scales(output));
  return sum(exp(log_weights(output)) * of_each, -2);
}

// The component in whose share of (0, 1) the noise falls; where in that share, is the noise of its sample.
Var DiscretisedLogisticLikelihood::sample(Var output, Var noise) const {
  if (components_ == 1) {
    return DiscretizedLogistic{parameter(output, 0), parameter(output, 1)}.sample(noise);
  }
  const Var weights = exp(log_weights(stop(output)));
  const auto of = [&](std::int64_t first, std::int64_t k) { return parameter(output, first + k); };
  const auto weight = [&](std::int64_t k) {
    const Var one = slice(weights, -2, k, k + 1);
    return reshape(one, of(0, 0).shape());
  };
  const Var u = broadcast_to(noise, of(0, 0).shape());
  Var mean = of(components_, 0), log_scale = of(2 * components_, 0), width = weight(0);
  Var below = 0.0 * u, start = below;
  for (std::int64_t k = 1; k < components_; ++k) {
    below = below + weight(k - 1);
    const Var beyond = greater(u, below);
    mean = where(beyond, of(components_, k), mean);
    log_scale = where(beyond, of(2 * components_, k), log_scale);
    start = where(beyond, below, start);
    width = where(beyond, weight(k), width);
  }
  const DType dtype = u.dtype();
  const Var inside = clamp((u - start) / maximum(width, smallest_positive(dtype)),
                           smallest_positive(dtype), largest_below_one(dtype));
  return DiscretizedLogistic{mean, log_scale}.sample(inside);
}

void DiscretisedLogisticLikelihood::add_statistics(double x, double* sums) const {
  sums[std::clamp<std::int64_t>(std::lround(255 * x), 0, 255)] += 1;
}

Tensor DiscretisedLogisticLikelihood::output_start(const DataMoments& moments) const {
  const std::vector<double> shares = statistics_of(*this, moments);
  const std::size_t n = shares.size() / 256, k = std::size_t(components_);
  const std::size_t first = components_ == 1 ? 0 : k;
  std::vector<double> start(std::size_t(outputs()) * n, 0.0);
  parallel_for(n, [&](std::size_t d) {
    const LogisticStart of = logistic_start({shares.data() + 256 * d, 256});
    for (std::size_t c = 0; c < k; ++c) {
      start[(first + c) * n + d] = of.mean;
      start[(first + k + c) * n + d] = of.log_scale;
    }
  });
  return vector_of(start);
}

}  // namespace nelbo
