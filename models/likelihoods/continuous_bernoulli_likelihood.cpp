#include "models/likelihoods/continuous_bernoulli_likelihood.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/likelihoods/moments_of.hpp"

namespace nelbo {
namespace {

/// The mean of logit l, as it grows with l.
double mean_of_logit(double l) {
  return std::fabs(l) < 1e-4 ? 0.5 + l / 12 : 1 / -std::expm1(-l) - 1 / l;
}

double logit_of_mean(double mean) {
  double low = -1e4, high = 1e4;
  for (int step = 0; step < 120; ++step) {
    const double middle = 0.5 * (low + high);
    (mean_of_logit(middle) < mean ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace

Var ContinuousBernoulliLikelihood::log_prob(Var output, Var x) const {
  return sum(x * output - log_expm1_ratio(output), -1);
}

Var ContinuousBernoulliLikelihood::mean(Var output) const { return tilted_uniform_mean(output); }

// F(x) = (exp(l x) - 1) / (exp(l) - 1), inverted for -|l|, where nothing overflows; x of l is 1 - x of -l.
Var ContinuousBernoulliLikelihood::sample(Var output, Var noise) const {
  const Var l = stop(output), u = broadcast_to(noise, output.shape());
  const Var size = maximum(abs(l), 1e-6), above = greater(l, 0.0);
  const Var v = where(above, 1.0 - u, u);
  const Var x = clamp(-log1p(v * expm1(-size)) / size, 0, 1);
  return stop(where(above, 1.0 - x, x));
}

Tensor ContinuousBernoulliLikelihood::output_start(const DataMoments& moments) const {
  std::vector<double> start = finite_means(moments);
  for (double& m : start) m = logit_of_mean(std::clamp(m, 0.001, 0.999));
  return vector_of(start);
}

}  // namespace nelbo
