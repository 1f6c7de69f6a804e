#include "lab/evaluation/disentanglement/sampled_information.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "autodiff/ops/pairwise_ops.hpp"
#include "autodiff/random_variables.hpp"
#include "autodiff/tape.hpp"
#include "lab/evaluation/disentanglement/bootstrap.hpp"

namespace nelbo::disentanglement {
namespace {

using Rows = std::vector<std::uint32_t>;

/// Rows of a column-wise table [N, D] as float32, [rows, D].
Tensor gather(const std::vector<double>& table, std::size_t dimensions,
              std::span<const std::uint32_t> rows) {
  Tensor some({std::int64_t(rows.size()), std::int64_t(dimensions)});
  float* to = some.data_as<float>();
  for (const std::uint32_t n : rows) {
    for (std::size_t d = 0; d < dimensions; ++d) *to++ = float(table[n * dimensions + d]);
  }
  return some;
}

/// A sample of Q(Z|x) of each of these points, which depends on the point and the seed alone.
Tensor samples_of(const Points& points, std::span<const std::uint32_t> rows, std::uint64_t seed) {
  Tensor z = gather(points.codes, points.dimensions, rows);
  std::vector<float> noise(rows.size() * points.dimensions);
  fill_normal(noise.data(), {.stream = random_variables::disentangle_z.of(seed),
                             .batch = rows.size(),
                             .dimensions = points.dimensions,
                             .datum = rows.data()});
  const Tensor log_variance = gather(points.log_variances, points.dimensions, rows);
  for (std::size_t i = 0; i < noise.size(); ++i) {
    z.data_as<float>()[i] += std::exp(log_variance.data_as<float>()[i] / 2) * noise[i];
  }
  return z;
}

/// The logarithm of the mean over `components` of N(z_d; mean_nd, variance_nd), of the samples of
/// `rows`: [rows, D].
std::vector<float> log_mixture(const Points& points, std::span<const std::uint32_t> rows,
                               std::span<const std::uint32_t> components, std::uint64_t seed) {
  Tape tape({.gradients = false});
  const Recording recording(tape);
  const Var z = tape.leaf(samples_of(points, rows, seed));
  const Var mean = tape.leaf(gather(points.codes, points.dimensions, components));
  const Var log_variance = tape.leaf(gather(points.log_variances, points.dimensions, components));
  const Tensor density =
      pairwise_normal_log_prob(z, mean, log_variance, {-std::log(double(components.size()))},
                               {.joint = false, .marginals = true})
          .marginals.value();
  const float* const values = density.data_as<float>();
  return {values, values + rows.size() * points.dimensions};
}

Rows all_rows(std::size_t count) {
  Rows rows(count);
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

/// `wanted` of `rows`, chosen by the seed; another choice for each `set`.
Rows some_of(const Rows& rows, std::size_t wanted, std::uint64_t seed, std::size_t set) {
  if (rows.size() <= wanted) return rows;
  std::vector<std::uint32_t> order(rows.size());
  fill_permutation(order.data(), order.size(), random_variables::disentangle_points.of(seed),
                   1 + set);
  Rows some(wanted);
  for (std::size_t i = 0; i < wanted; ++i) some[i] = rows[order[i]];
  return some;
}

/// The rows of every class.
std::vector<Rows> by_class(const Factor& factor, const Rows& rows) {
  std::vector<Rows> classes(std::size_t(factor.size));
  for (const std::uint32_t n : rows) classes[std::size_t(factor.classes[n])].push_back(n);
  return classes;
}

}  // namespace

SampledInformation::SampledInformation(const Points& points, std::size_t samples,
                                       std::uint64_t seed)
    : samples_(std::min(samples, points.count())),
      dimensions_(points.dimensions),
      factors_(points.factors.size()),
      log_ratio_(samples_ * dimensions_ * factors_) {
  const Rows all = all_rows(points.count()), chosen = some_of(all, samples_, seed, 0);
  const std::vector<float> marginal = log_mixture(points, chosen, all, seed);
  std::vector<std::uint32_t> place(points.count());
  for (std::size_t s = 0; s < samples_; ++s) place[chosen[s]] = std::uint32_t(s);
  for (std::size_t k = 0; k < factors_; ++k) {
    const Factor& factor = points.factors[k];
    const std::vector<Rows> components = by_class(factor, all), of = by_class(factor, chosen);
    for (std::size_t v = 0; v < of.size(); ++v) {
      if (of[v].empty()) continue;
      const std::vector<float> conditional = log_mixture(points, of[v], components[v], seed);
      for (std::size_t i = 0; i < of[v].size(); ++i) {
        const std::size_t s = place[of[v][i]];
        for (std::size_t d = 0; d < dimensions_; ++d) {
          log_ratio_[(s * factors_ + k) * dimensions_ + d] =
              conditional[i * dimensions_ + d] - marginal[s * dimensions_ + d];
        }
      }
    }
  }
}

Matrix SampledInformation::information(PointWeights weights) const {
  std::vector<double> sums(factors_ * dimensions_, 0.0);
  double total = 0;
  for (std::size_t s = 0; s < samples_; ++s) {
    const double weight = weights.empty() ? 1.0 : double(weights[s]);
    total += weight;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      sums[i] += weight * double(log_ratio_[s * sums.size() + i]);
    }
  }
  Matrix nats(dimensions_, factors_);
  for (std::size_t k = 0; k < factors_; ++k) {
    for (std::size_t d = 0; d < dimensions_; ++d) {
      nats(d, k) = std::max(0.0, sums[k * dimensions_ + d] / total);
    }
  }
  return nats;
}

ChenInformation::ChenInformation(const Points& points, std::size_t samples, std::uint64_t seed)
    : dimensions_(points.dimensions), factors_(points.factors.size()) {
  const Rows all = all_rows(points.count());
  const auto add = [&](std::size_t factor, double share, const Rows& rows) {
    const Rows chosen = some_of(rows, samples, seed, entropies_.size());
    entropies_.push_back({.factor = factor,
                          .samples = chosen.size(),
                          .share = share,
                          .log_density = log_mixture(points, chosen, rows, seed)});
  };
  add(factors_, 1, all);
  for (std::size_t k = 0; k < factors_; ++k) {
    const std::vector<Rows> classes = by_class(points.factors[k], all);
    const auto there = std::count_if(classes.begin(), classes.end(),
                                     [](const Rows& rows) { return !rows.empty(); });
    for (const Rows& rows : classes) {
      if (!rows.empty()) add(k, 1 / double(there), rows);
    }
  }
}

Matrix ChenInformation::combine(const std::vector<std::vector<std::uint32_t>>& weights) const {
  Matrix nats(dimensions_, factors_);
  for (std::size_t e = 0; e < entropies_.size(); ++e) {
    const Entropy& of = entropies_[e];
    for (std::size_t d = 0; d < dimensions_; ++d) {
      double sum = 0;
      for (std::size_t s = 0; s < of.samples; ++s) {
        const double weight = weights.empty() ? 1.0 : double(weights[e][s]);
        sum -= weight * double(of.log_density[s * dimensions_ + d]);
      }
      const double entropy = sum / double(of.samples);
      if (of.factor == factors_) {
        for (std::size_t k = 0; k < factors_; ++k) nats(d, k) += entropy;
      } else {
        nats(d, of.factor) -= of.share * entropy;
      }
    }
  }
  for (std::size_t d = 0; d < dimensions_; ++d) {
    for (std::size_t k = 0; k < factors_; ++k) nats(d, k) = std::max(0.0, nats(d, k));
  }
  return nats;
}

Matrix ChenInformation::information() const { return combine({}); }

Matrix ChenInformation::information(std::uint64_t seed, std::size_t replicate) const {
  std::vector<std::vector<std::uint32_t>> weights;
  for (std::size_t e = 0; e < entropies_.size(); ++e) {
    weights.push_back(resampled(entropies_[e].samples, seed, replicate, 1 + e));
  }
  return combine(weights);
}

}  // namespace nelbo::disentanglement
