#include "models/priors/mixture_prior.hpp"

#include <cmath>
#include <numbers>
#include <vector>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/linear_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/distributions/categorical.hpp"
#include "models/priors/check_dimensions.hpp"

namespace nelbo {
namespace {

/// x[k] of a row-major [K, ...].
Var row(Var x, std::int64_t k) {
  const Shape& shape = x.shape();
  return reshape(slice(x, 0, k, k + 1), Shape(shape.dims().subspan(1)));
}

DiagNormal component(const DiagNormal& all, std::int64_t k) {
  return {row(all.mean, k), row(all.log_variance, k)};
}
FullNormal component(const FullNormal& all, std::int64_t k) {
  return {row(all.mean, k), row(all.factor, k)};
}

Var beside_components(Var z) {
  Shape shape = z.shape();
  shape[-1] = 1;
  shape.push_back(z.shape()[-1]);
  return reshape(z, shape);
}

/// Of every one-hot row [S, B, K] its component, with parameters [S, B, ...].
DiagNormal chosen(const DiagNormal& all, Var one_hot) {
  return {matmul(one_hot, all.mean), matmul(one_hot, all.log_variance)};
}
FullNormal chosen(const FullNormal& all, Var one_hot) {
  const std::int64_t k = all.mean.shape()[0], d = all.mean.shape()[1];
  Shape square = one_hot.shape();
  square[-1] = d;
  square.push_back(d);
  return {matmul(one_hot, all.mean),
          reshape(matmul(one_hot, reshape(all.factor, {k, d * d})), square)};
}

}  // namespace

MixturePrior::MixturePrior(std::string text, const Normal& components,
                           std::optional<Var> log_weights)
    : text_(std::move(text)),
      components_(components),
      log_weights_(log_weights),
      count_(components.expectation().shape()[0]),
      dimensions_(components.expectation().shape()[1]) {}

Var MixturePrior::log_weights() const {
  if (log_weights_) return *log_weights_;
  const DType dtype = components_.expectation().dtype();
  return Tape::current().leaf(Tensor::full({count_}, -std::log(double(count_)), dtype));
}

PairwiseLogProb MixturePrior::pairwise(Var z, const PairwiseRequest& request) const {
  const DiagNormal& all = components_.diagonal(text_);
  return pairwise_normal_log_prob(z, all.mean, all.log_variance,
                                  {.other = -std::log(double(count_))}, request);
}

Var MixturePrior::log_prob(Var z) const {
  check_dimensions(*this, z, dimensions_);
  if (streamed()) return pairwise(z, {}).joint;
  std::vector<Var> joint;
  components_.visit([&](const auto& all) {
    for (std::int64_t k = 0; k < count_; ++k) joint.push_back(component(all, k).log_prob(z));
  });
  return logsumexp(stack(joint, -1) + log_weights(), -1);
}

Var MixturePrior::marginal_log_prob(Var z) const {
  check_dimensions(*this, z, dimensions_);
  if (streamed()) return pairwise(z, {.joint = false, .marginals = true}).marginals;
  const DiagNormal each = components_.marginals();
  const Var white = square(beside_components(z) - each.mean) * exp(-each.log_variance);
  const Var constant = reshape(log_weights(), {count_, 1}) -
                       0.5 * (each.log_variance + std::log(2 * std::numbers::pi));
  return logsumexp(constant - 0.5 * white, -2);
}

Var MixturePrior::sample(Var noise) const {
  check_dimensions(*this, noise, noise_dimensions());
  // Half the squared length of two normal numbers is exponential: exp of minus it is uniform.
  const Var uniform = exp(-0.5 * sum(square(slice(noise, -1, 0, 2)), -1, Keep::yes));
  const Categorical choice{reshape(log_weights(), {1, count_})};
  Tensor numbers({count_}, noise.dtype());
  for (std::int64_t k = 0; k < count_; ++k) numbers.set({k}, double(k));
  const Var one_hot = equal(choice.sample(uniform), Tape::current().leaf(numbers));
  const Var normal = slice(noise, -1, 2, noise_dimensions());
  return components_.visit([&](const auto& all) { return chosen(all, one_hot).sample(normal); });
}

}  // namespace nelbo
