#include "models/likelihoods/count_likelihoods.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/ops/special_ops.hpp"
#include "models/distributions/range.hpp"
#include "models/init.hpp"
#include "models/likelihoods/moments_of.hpp"

namespace nelbo {
namespace {

constexpr double least_mean = 0.001, least_share = 0.001;

std::vector<double> means_of_counts(const DataMoments& moments) {
  std::vector<double> means = finite_means(moments);
  for (double& m : means) {
    if (m < 0) {
      throw Error("data moments: a feature's mean is " + std::to_string(m) +
                  ", but counts are at least 0; choose another likelihood, such as normal");
    }
    m = std::max(m, least_mean);
  }
  return means;
}

/// By the moments, for every feature.
std::vector<double> inverse_dispersions(const DataMoments& moments) {
  constexpr double least = 1e-3, greatest = 1e4;
  std::vector<double> r = means_of_counts(moments);
  const std::vector<double> variance = moments.variance.values();
  for (std::size_t d = 0; d < r.size(); ++d) {
    const double above = variance[d] - r[d];
    r[d] = above > 0 ? std::clamp(r[d] * r[d] / above, least, greatest) : greatest;
  }
  return r;
}

/// The mean m of counts that are not inflated whose mean, where they are not 0, is `positive`: of m / (1 -
/// P(0)) = positive, P(0) = (1 + m / r)^-r. It is at most `positive`, and the left side grows with m.
double uninflated_mean(double positive, double r) {
  double low = 0, high = positive;
  for (int step = 0; step < 100; ++step) {
    const double m = 0.5 * (low + high);
    (m < -std::expm1(-r * std::log1p(m / r)) * positive ? low : high) = m;
  }
  return 0.5 * (low + high);
}

}  // namespace

Var CountLikelihood::mean(Var output) const { return exp(output); }

Tensor CountLikelihood::output_start(const DataMoments& moments) const {
  std::vector<double> start = means_of_counts(moments);
  for (double& m : start) m = std::log(m);
  return vector_of(start);
}

Var PoissonLikelihood::feature_log_prob(Var output, Var x) const {
  return poisson_log_mass(x, output);
}

Var PoissonLikelihood::sample(Var output, Var noise) const {
  const Var poisson = Tape::current().constant(80, output.dtype());
  return stop(negative_binomial_quantile(stop(output), poisson, noise));
}

Var NegativeBinomialLikelihood::log_inverse_dispersion() const {
  if (store_ == nullptr) throw Error("likelihood " + text() + ": its dispersions are not declared");
  return Tape::current().parameter(*store_, id_);
}

Var NegativeBinomialLikelihood::feature_log_prob(Var output, Var x) const {
  return negative_binomial_log_mass(x, output, log_inverse_dispersion());
}

Var NegativeBinomialLikelihood::sample(Var output, Var noise) const {
  return stop(negative_binomial_quantile(stop(output), stop(log_inverse_dispersion()), noise));
}

std::shared_ptr<const Likelihood> NegativeBinomialLikelihood::declared(
    ParameterStore& store, std::int64_t features, const DataMoments& moments) const {
  const std::shared_ptr<NegativeBinomialLikelihood> own = fresh();
  own->store_ = &store;
  own->id_ = store.add("decoder.log_inverse_dispersion", "theta", {features}, deferred([moments] {
                         std::vector<double> start = inverse_dispersions(moments);
                         for (double& r : start) r = std::log(r);
                         return constant(vector_of(start));
                       }));
  return own;
}

// With p = sigmoid(s) and the mass b of a count: log P(x) = log b - softplus(s) for x > 0, and log P(0) =
// log(exp(s) + b) - softplus(s) = log b + softplus(s - log b) - softplus(s).
Var ZeroInflatedLikelihood::feature_log_prob(Var output, Var x) const {
  const Var log_mean = parameter(output, 0), logit = parameter(output, 1);
  const Var log_b = negative_binomial_log_mass(x, log_mean, log_inverse_dispersion());
  const Var inflated = where(equal(x, 0.0), softplus(logit - log_b), 0.0);
  return log_b + inflated - softplus(logit);
}

Var ZeroInflatedLikelihood::mean(Var output) const {
  return sigmoid(-parameter(output, 1)) * exp(parameter(output, 0));
}

Var ZeroInflatedLikelihood::sample(Var output, Var noise) const {
  const Var log_mean = stop(parameter(output, 0)), p = sigmoid(stop(parameter(output, 1)));
  const Var u = clamp((noise - p) / maximum(1.0 - p, smallest_positive(p.dtype())),
                      smallest_positive(p.dtype()), largest_below_one(p.dtype()));
  const Var count = negative_binomial_quantile(log_mean, stop(log_inverse_dispersion()), u);
  return stop(where(less_equal(noise, p), 0.0, count));
}

Tensor ZeroInflatedLikelihood::output_start(const DataMoments& moments) const {
  const std::vector<double> zeros = statistics_of(*this, moments);
  const std::vector<double> means = means_of_counts(moments), r = inverse_dispersions(moments);
  const std::size_t n = means.size();
  std::vector<double> start(2 * n);
  for (std::size_t d = 0; d < n; ++d) {
    const double shown = std::max(1 - zeros[d], 1e-6);
    const double m = std::max(uninflated_mean(std::max(means[d] / shown, least_mean), r[d]),
                              means[d] / (1 - least_share));
    const double p = std::clamp(1 - means[d] / m, least_share, 1 - least_share);
    start[d] = std::log(means[d] / (1 - p));
    start[n + d] = std::log(p / (1 - p));
  }
  return vector_of(start);
}

}  // namespace nelbo
