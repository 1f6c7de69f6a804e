#pragma once
// What the tests of likelihoods share: a likelihood of one feature with its parameters, and its law by
// enumeration or quadrature.
#include <memory>
#include <string>
#include <vector>

#include "models/likelihoods/likelihood_words.hpp"
#include "tests/models/support.hpp"

namespace nelbo::tests {

/// Mean, variance and the likelihood's statistics of data [N, X], X features.
inline DataMoments moments_of(const Likelihood& likelihood,
                              const std::vector<std::vector<double>>& x) {
  const std::size_t features = x[0].size(), k = std::size_t(likelihood.statistics());
  const double n = double(x.size());
  std::vector<double> mean(features), variance(features), statistics(features * k);
  for (const auto& row : x) {
    for (std::size_t d = 0; d < features; ++d) {
      mean[d] += row[d] / n;
      variance[d] += row[d] * row[d] / n;
      likelihood.add_statistics(row[d], statistics.data() + d * k);
    }
  }
  for (std::size_t d = 0; d < features; ++d) variance[d] -= mean[d] * mean[d];
  for (double& s : statistics) s /= n;
  const auto [rows, columns] = std::pair{std::int64_t(features), std::int64_t(k)};
  return {Tensor::of(mean, {rows}, DType::f64),
          Tensor::of(variance, {rows}, DType::f64),
          {},
          Tensor::of(statistics, {rows, columns}, DType::f64)};
}

/// A likelihood with parameters of its own, which start at these moments.
struct LikelihoodSubject {
  explicit LikelihoodSubject(const std::string& text, const std::vector<std::vector<double>>& data,
                             DType dtype = DType::f64)
      : store(dtype), own(parse_likelihood(text)), moments(moments_of(*own, data)) {
    if (auto declared = own->declared(store, std::int64_t(data[0].size()), moments)) own = declared;
    store.freeze(1);
  }
  const Likelihood& operator*() const { return *own; }
  const Likelihood* operator->() const { return own.get(); }

  /// log P(x) of one feature at each of these values, for the output [P].
  std::vector<double> log_law(const std::vector<double>& output,
                              const std::vector<double>& x) const {
    Tape tape;
    const Recording recording(tape);
    const std::int64_t n = std::int64_t(x.size()), p = std::int64_t(output.size());
    Tensor outputs({1, n, p}, DType::f64);
    for (std::int64_t i = 0; i < n * p; ++i)
      outputs.data_as<double>()[i] = output[std::size_t(i % p)];
    return own->log_prob(tape.leaf(outputs), tape.leaf(Tensor::of(x, {n, 1}, DType::f64)))
        .value()
        .values();
  }
  double mean(const std::vector<double>& output) const {
    Tape tape;
    const Recording recording(tape);
    const Shape shape{1, 1, std::int64_t(output.size())};
    return own->mean(tape.leaf(Tensor::of(output, shape, DType::f64))).item();
  }
  /// n samples of one feature, from common numbers.
  std::vector<double> samples(const std::vector<double>& output, std::int64_t n) const {
    Tape tape;
    const Recording recording(tape);
    const Tensor noise({1, n, 1}, DType::f64);
    fill_noise(own->noise(), noise, {.stream = {11, StreamId::user}});
    const std::int64_t p = std::int64_t(output.size());
    Tensor outputs({1, n, p}, DType::f64);
    for (std::int64_t i = 0; i < n * p; ++i)
      outputs.data_as<double>()[i] = output[std::size_t(i % p)];
    return own->sample(tape.leaf(outputs), tape.leaf(noise)).value().values();
  }

  ParameterStore store;
  std::shared_ptr<const Likelihood> own;
  DataMoments moments;
};

/// The values that a discrete likelihood has of one feature, as far as mass lies.
inline std::vector<double> values_of(const Likelihood& likelihood) {
  const Support support = likelihood.support();
  std::vector<double> values;
  if (support.levels) {
    for (int k = 0; k < 256; ++k) values.push_back(k / 255.0);
    return values;
  }
  const double last = std::min(support.greatest, 20000.0);
  for (double k = 0; k <= last; ++k) values.push_back(k);
  return values;
}

/// Nodes and weights of an integral over a likelihood's support: tanh-sinh on an interval, sinh-sinh on the
/// line.
inline void quadrature_of(const Likelihood& likelihood, std::vector<double>& x,
                          std::vector<double>& weight) {
  constexpr double half_pi = 1.57079632679489662, step = 1.0 / 128;
  const bool line = std::isinf(likelihood.support().least);
  for (int i = -500; i <= 500; ++i) {
    const double t = i * step, inner = half_pi * std::sinh(t), slope = half_pi * std::cosh(t);
    if (line) {
      x.push_back(std::sinh(inner));
      weight.push_back(step * std::cosh(inner) * slope);
      continue;
    }
    const double share = 1 / (1 + std::exp(-2 * inner));
    if (!(share > 0 && share < 1)) continue;
    x.push_back(share);
    weight.push_back(step * slope / (2 * std::cosh(inner) * std::cosh(inner)));
  }
}

}  // namespace nelbo::tests
