#include "models/likelihoods/normal_likelihood.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "autodiff/error.hpp"
#include "autodiff/number_of.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/distributions/diag_normal.hpp"
#include "models/init.hpp"
#include "models/likelihoods/moments_of.hpp"
#include "models/likelihoods/optimal_normal_likelihood.hpp"

namespace nelbo {

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

Tensor NormalLikelihood::output_start(const DataMoments& moments) const {
  return Tensor::of(finite_means(moments), {moments.mean.size()}, DType::f64);
}

std::string LearnedNormalLikelihood::text() const {
  return kind_ == Variance::shared ? "normal:shared" : "normal:learned";
}

Var LearnedNormalLikelihood::log_variance() const {
  if (store_ == nullptr) throw Error("likelihood " + text() + ": its variance is not declared");
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
  const bool shared = kind_ == Variance::shared;
  auto own = std::make_shared<LearnedNormalLikelihood>(kind_);
  own->store_ = &store;
  own->id_ = store.add(
      "decoder.log_variance", "theta", {shared ? 1 : features}, deferred([shared, moments] {
        return constant(shared ? shared_log_variance_start(moments) : log_variance_start(moments));
      }));
  return own;
}

Var DatumNormalLikelihood::log_prob(Var output, Var x) const {
  return DiagNormal{parameter(output, 0), parameter(output, 1)}.log_prob(x);
}

Var DatumNormalLikelihood::feature_log_prob(Var output, Var x) const {
  return marginal_log_probs(DiagNormal{parameter(output, 0), parameter(output, 1)}, x);
}

Var DatumNormalLikelihood::sample(Var output, Var noise) const {
  const DiagNormal normal{parameter(output, 0), parameter(output, 1)};
  return normal.sample(broadcast_to(noise, normal.mean.shape()));
}

Tensor DatumNormalLikelihood::output_start(const DataMoments& moments) const {
  std::vector<double> start = finite_means(moments);
  const std::vector<double> spread = log_variance_start(moments).values();
  start.insert(start.end(), spread.begin(), spread.end());
  return vector_of(start);
}

std::shared_ptr<const Likelihood> read_normal_likelihood(const Choice& choice) {
  if (choice.text == choice.name) return std::make_shared<NormalLikelihood>();
  using Variance = LearnedNormalLikelihood::Variance;
  if (choice.argument == "learned") {
    return std::make_shared<LearnedNormalLikelihood>(Variance::per_feature);
  }
  if (choice.argument == "shared") {
    return std::make_shared<LearnedNormalLikelihood>(Variance::shared);
  }
  if (choice.argument == "optimal") return std::make_shared<OptimalNormalLikelihood>();
  if (choice.argument == "datum") return std::make_shared<DatumNormalLikelihood>();
  const auto variance = number_of<double>(choice.argument);
  constexpr double least = 1e-30, most = 1e30;  // what float has room for, squares of it too
  if (!variance || !(*variance >= least && *variance <= most)) {
    throw Error(
        "likelihood '" + choice.text + "': the variance '" + choice.argument +
        "' is no number from 1e-30 to 1e30; write normal:0.1, normal:learned, normal:shared, "
        "normal:optimal or normal:datum");
  }
  return std::make_shared<NormalLikelihood>(*variance);
}

}  // namespace nelbo
