#include "models/worlds/linear_chain.hpp"

#include <cmath>
#include <memory>
#include <numbers>

#include "autodiff/error.hpp"
#include "autodiff/random.hpp"
#include "models/likelihoods/normal_likelihood.hpp"
#include "models/worlds/dense.hpp"

namespace nelbo {

using namespace dense;

namespace {

HierarchyConfig config_of(const LinearChain::Sizes& sizes) {
  return {.name = "linear_chain",
          .features = sizes.data,
          .layers = {{sizes.first, {}}, {sizes.second, {}}},
          .ladder = sizes.ladder,
          .likelihood = std::make_shared<NormalLikelihood>(sizes.variance)};
}

/// start() overwrites what they would make of the output's bias.
DataMoments moments_of(std::int64_t features) {
  return {Tensor::full({features}, 0), Tensor::full({features}, 1)};
}

/// z given u is N(weight u + bias, diag variance), columns.
struct Conditional {
  Tensor weight, bias, variance;
};

/// A head "name" [I, 2 O] of a linear layer.
Conditional head_of(const ParameterStore& store, const std::string& name) {
  const Tensor weight = store.tensor(name + ".head.weight"),
               bias = store.tensor(name + ".head.bias");
  const std::int64_t in = weight.shape()[0], out = weight.shape()[1] / 2;
  Conditional all{Tensor({out, in}, DType::f64), Tensor({out, 1}, DType::f64),
                  Tensor({out, 1}, DType::f64)};
  for (std::int64_t o = 0; o < out; ++o) {
    for (std::int64_t i = 0; i < in; ++i) {
      all.weight.set({o, i}, weight.at({i, o}));
      if (weight.at({i, out + o}) != 0) {
        throw Error("linear chain: the variance of '" + name + "' depends on its input");
      }
    }
    all.bias.set({o, 0}, bias.at({o}));
    all.variance.set({o, 0}, std::exp(bias.at({out + o})));
  }
  return all;
}

/// The product of two normals of the same z, one of them given u: N(..) again. Each of `own` is of fixed
/// mean.
Conditional product(const Conditional& given, const Tensor& mean, const Tensor& variance) {
  const auto copy = [](const Tensor& of) { return of.cast(DType::f64); };
  Conditional both{copy(given.weight), copy(given.bias), copy(given.variance)};
  for (std::int64_t o = 0; o < mean.shape()[0]; ++o) {
    const double own = 1 / variance.at({o, 0}), other = 1 / given.variance.at({o, 0});
    const double all = own + other;
    both.variance.set({o, 0}, 1 / all);
    both.bias.set({o, 0}, (own * mean.at({o, 0}) + other * given.bias.at({o, 0})) / all);
    for (std::int64_t i = 0; i < given.weight.shape()[1]; ++i) {
      both.weight.set({o, i}, other * given.weight.at({o, i}) / all);
    }
  }
  return both;
}

/// E log N(r; 0, diag variance) for a residual r of this mean and covariance.
double expected_log_normal(const Tensor& mean, const Tensor& covariance, const Tensor& variance) {
  double sum = 0;
  for (std::int64_t d = 0; d < mean.shape()[0]; ++d) {
    const double v = variance.at({d, 0}), m = mean.at({d, 0});
    sum -= 0.5 * (std::log(2 * std::numbers::pi * v) + (m * m + covariance.at({d, d})) / v);
  }
  return sum;
}

/// E log of a normal's own density: minus its entropy.
double negative_entropy(const Tensor& variance) {
  const std::int64_t n = variance.shape()[0];
  return -0.5 * (sum_log(variance) + double(n) * (1 + std::log(2 * std::numbers::pi)));
}

Tensor constant_column(std::int64_t n, double value) {
  return Tensor::full({n, 1}, value, DType::f64);
}

/// log N(x; mean, covariance).
double log_normal(const Tensor& x, const Tensor& mean, const Tensor& covariance) {
  const Factor factor(covariance);
  const Tensor white = factor.whiten(x - mean);
  return -0.5 * (dot(white, white) + factor.log_determinant() +
                 double(x.shape()[0]) * std::log(2 * std::numbers::pi));
}

}  // namespace

LinearChain::LinearChain(ParameterStore& store, const Sizes& sizes)
    : store_(store), sizes_(sizes), model_(config_of(sizes), moments_of(sizes.data), store) {
  if (store.dtype() != DType::f64) throw Error("linear chain: wants a store of f64");
}

void LinearChain::start(std::uint64_t seed) {
  store_.freeze(seed);
  std::uint64_t number = 0;
  for (const auto& entry : store_.entries()) {
    const Tensor values = store_.tensor(entry.name);
    std::vector<double> normal(std::size_t(values.size()));
    fill_normal(normal.data(),
                {.stream = {seed, StreamId::user}, .step = number++, .dimensions = normal.size()});
    const bool head = entry.name.find(".head.") != std::string::npos;
    const std::int64_t columns = values.shape()[-1];
    for (std::int64_t i = 0; i < values.size(); ++i) {
      // The second half of a head is log-variances: their weights are 0.
      const bool log_variance = head && i % columns >= columns / 2;
      const double scale = !log_variance ? 0.7 : values.shape().rank() == 2 ? 0 : 0.4;
      values.data_as<double>()[i] = scale * normal[std::size_t(i)];
    }
  }
}

Tensor LinearChain::data(std::int64_t n, std::uint64_t seed) const {
  const Conditional p1 = head_of(store_, "prior.z1");
  const Tensor decoder = transposed(store_.tensor("decoder.output.weight")),
               bias = column(store_.tensor("decoder.output.bias"));
  const auto normals = [&](std::int64_t rows, std::uint64_t step) {
    Tensor all({rows, n}, DType::f64);
    fill_normal(
        all.data_as<double>(),
        {.stream = {seed, StreamId::user}, .step = step, .dimensions = std::size_t(rows * n)});
    return all;
  };
  const Tensor ones = Tensor::full({1, n}, 1, DType::f64);
  Tensor scaled = normals(sizes_.first, 1);
  for (std::int64_t i = 0; i < scaled.size(); ++i) {
    scaled.data_as<double>()[i] *= std::sqrt(p1.variance.at({i / n, 0}));
  }
  const Tensor z1 = p1.weight * normals(sizes_.second, 0) + p1.bias * ones + scaled;
  return transposed(decoder * z1 + bias * ones +
                    std::sqrt(sizes_.variance) * normals(sizes_.data, 2));
}

ChainTerms LinearChain::exact(const Tensor& x) const {
  const Tensor at = column(x);
  const Conditional p1 = head_of(store_, "prior.z1"), q1 = head_of(store_, "encoder.z1"),
                    q2 = head_of(store_, "encoder.z2");
  const Tensor decoder = transposed(store_.tensor("decoder.output.weight")),
               bias = column(store_.tensor("decoder.output.bias"));
  // Under Q: means and covariances of z1, of z2, and of z1 - E_P[z1|z2].
  Tensor mean1, mean2, cov1, cov2, residual;
  Tensor variance1 = q1.variance;
  const Tensor own1 = q1.weight * at + q1.bias;
  if (sizes_.ladder) {  // the deterministic network is the identity: both heads read x
    mean2 = q2.weight * at + q2.bias;
    cov2 = diagonal(q2.variance);
    const Conditional given = product(p1, own1, q1.variance);
    variance1 = given.variance;
    mean1 = given.weight * mean2 + given.bias;
    cov1 = given.weight * cov2 * transposed(given.weight) + diagonal(variance1);
    const Tensor by = given.weight - p1.weight;
    residual = by * cov2 * transposed(by) + diagonal(variance1);
  } else {
    mean1 = own1;
    cov1 = diagonal(q1.variance);
    mean2 = q2.weight * mean1 + q2.bias;
    cov2 = q2.weight * cov1 * transposed(q2.weight) + diagonal(q2.variance);
    const Tensor by = identity(sizes_.first) - p1.weight * q2.weight;
    residual =
        by * cov1 * transposed(by) + p1.weight * diagonal(q2.variance) * transposed(p1.weight);
  }
  const Tensor unit = constant_column(sizes_.second, 1),
               noise = constant_column(sizes_.data, sizes_.variance);
  ChainTerms terms{};
  terms.div1 = negative_entropy(variance1) -
               expected_log_normal(mean1 - (p1.weight * mean2 + p1.bias), residual, p1.variance);
  terms.div2 = negative_entropy(q2.variance) - expected_log_normal(mean2, cov2, unit);
  terms.nell = -expected_log_normal(at - (decoder * mean1 + bias),
                                    decoder * cov1 * transposed(decoder), noise);
  const Tensor prior_cov = p1.weight * transposed(p1.weight) + diagonal(p1.variance);
  terms.log_px = log_normal(at, decoder * p1.bias + bias,
                            decoder * prior_cov * transposed(decoder) + diagonal(noise));
  return terms;
}

}  // namespace nelbo
