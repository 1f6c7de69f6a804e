#include "models/likelihoods/normal_likelihood.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>

#include "autodiff/error.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/distributions/diag_normal.hpp"
#include "models/init.hpp"

namespace nelbo {
namespace {

Tensor log_variance_start(const Tensor& variance) {
  std::vector<double> start = variance.values();
  for (const double v : start) {
    if (!std::isfinite(v) || v < 0) {
      throw Error("data moments: a feature's variance is " + std::to_string(v));
    }
  }
  const double average = std::accumulate(start.begin(), start.end(), 0.0) / double(start.size());
  for (double& v : start) v = average > 0 ? std::log(std::max(v, 0.001 * average)) : 0;
  return Tensor::of(start, {variance.size()}, DType::f64);
}

}  // namespace

NormalLikelihood::NormalLikelihood(double variance) : variance_(variance) {
  if (variance > 0 && std::isfinite(variance)) return;
  throw Error("likelihood normal: variance " + std::to_string(variance) + "; it must be positive");
}

std::string NormalLikelihood::text() const {
  if (variance_ == 1) return "normal";
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), variance_).ptr;
  return "normal:" + std::string(digits.begin(), end);
}

Var NormalLikelihood::log_prob(Var output, Var x) const {
  return fixed_normal(output, variance_).log_prob(x);
}

Var NormalLikelihood::feature_log_prob(Var output, Var x) const {
  return marginal_log_probs(fixed_normal(output, variance_), x);
}

Var NormalLikelihood::sample(Var output, Var noise) const {
  return fixed_normal(output, variance_).sample(broadcast_to(noise, output.shape()));
}

Tensor NormalLikelihood::output_start(const Tensor& mean) const {
  const std::vector<double> start = mean.values();
  if (!std::all_of(start.begin(), start.end(), [](double m) { return std::isfinite(m); })) {
    throw Error("data moments: a feature's mean is not finite");
  }
  return Tensor::of(start, mean.shape(), DType::f64);
}

Tensor NormalLikelihood::output_deviation(const DataMoments& moments) const {
  std::vector<double> deviation = moments.variance.values();
  for (double& v : deviation) v = std::sqrt(v);
  return Tensor::of(deviation, {moments.variance.size()}, DType::f64);
}

Var LearnedNormalLikelihood::log_variance() const {
  if (store_ == nullptr) throw Error("likelihood normal:learned: its variances are not declared");
  return Tape::current().parameter(*store_, id_);
}

Var LearnedNormalLikelihood::log_prob(Var output, Var x) const {
  return DiagNormal{output, log_variance()}.log_prob(x);
}

Var LearnedNormalLikelihood::feature_log_prob(Var output, Var x) const {
  return marginal_log_probs(DiagNormal{output, log_variance()}, x);
}

Var LearnedNormalLikelihood::sample(Var output, Var noise) const {
  return DiagNormal{output, log_variance()}.sample(broadcast_to(noise, output.shape()));
}

std::shared_ptr<const Likelihood> LearnedNormalLikelihood::declared(
    ParameterStore& store, std::int64_t features, const DataMoments& moments) const {
  auto own = std::make_shared<LearnedNormalLikelihood>();
  own->store_ = &store;
  own->id_ = store.add(
      "decoder.log_variance", "theta", {features},
      deferred([variance = moments.variance] { return constant(log_variance_start(variance)); }));
  return own;
}

std::shared_ptr<const Likelihood> read_normal_likelihood(const Choice& choice) {
  if (choice.text == choice.name) return std::make_shared<NormalLikelihood>();
  if (choice.argument == "learned") return std::make_shared<LearnedNormalLikelihood>();
  double variance = 0;
  const char* const end = choice.argument.data() + choice.argument.size();
  const auto [stop, failure] = std::from_chars(choice.argument.data(), end, variance);
  if (failure != std::errc() || stop != end || !std::isfinite(variance) || variance <= 0) {
    throw Error("likelihood '" + choice.text + "': the variance '" + choice.argument +
                "' is no positive number; write normal:0.1 or normal:learned");
  }
  return std::make_shared<NormalLikelihood>(variance);
}

}  // namespace nelbo
