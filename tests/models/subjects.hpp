#pragma once
// Every distribution with parameters to test it at and an element's log-density in plain double.
#include <string>

#include "models/distributions.hpp"
#include "tests/models/support.hpp"

namespace nelbo::tests {

using Vars = std::vector<Var>;
using Numbers = std::vector<double>;

/// A distribution behind functions of its parameters.
struct Subject {
  std::string name;
  std::vector<Tensor> parameters;  // [B = 2, D = 3] each, categorical ones [2, 3, K]; f64
  /// log p of one element; all parameters of that element in one list.
  std::function<double(const Numbers& parameters, double x)> log_density;
  Numbers support;           // of discrete distributions; else the numbers below
  double low = 0, high = 0;  // density beyond is below rounding
  std::function<double(const Numbers& parameters, double x)> cdf;  // of continuous ones

  Noise noise = Noise::normal;
  bool has_rsample = false;
  std::function<Var(const Vars&, Var)> log_prob, sample, rsample;
  std::function<Var(const Vars&)> entropy, expectation, mode;
  std::function<Var(const Vars&, Var)> log_prob_detached;

  bool discrete() const { return !support.empty(); }
  /// Where sums over x run: the support, or a grid fine enough for 1e-9.
  Numbers points() const {
    if (discrete()) return support;
    const int n = 60001;
    Numbers x(n);
    for (int i = 0; i < n; ++i) x[std::size_t(i)] = low + (high - low) * i / (n - 1);
    return x;
  }
  double weight() const { return discrete() ? 1 : (high - low) / 60000; }
};

/// The parameters of element e of the `elements` that the tensors describe.
inline Numbers element(const std::vector<Tensor>& parameters, std::int64_t e,
                       std::int64_t elements) {
  Numbers all;
  for (const Tensor& tensor : parameters) {
    const Numbers values = tensor.values();
    const std::int64_t each = tensor.size() / elements;
    all.insert(all.end(), values.begin() + e * each, values.begin() + (e + 1) * each);
  }
  return all;
}

/// The tensors of element e alone, [1, 1, ...].
inline std::vector<Tensor> alone(const std::vector<Tensor>& parameters, std::int64_t e) {
  std::vector<Tensor> one;
  for (const Tensor& tensor : parameters) {
    one.push_back(tensor.slice(0, e / 3, e / 3 + 1).slice(1, e % 3, e % 3 + 1).contiguous());
  }
  return one;
}

template <Distribution P>
Subject subject(std::string name, std::function<P(const Vars&)> make,
                std::vector<Tensor> parameters,
                std::function<double(const Numbers&, double)> log_density) {
  Subject s;
  s.name = std::move(name);
  s.parameters = std::move(parameters);
  s.log_density = std::move(log_density);
  s.noise = P::noise;
  s.has_rsample = P::has_rsample;
  s.log_prob = [make](const Vars& p, Var x) { return make(p).log_prob(x); };
  s.log_prob_detached = [make](const Vars& p, Var x) { return make(p).detached().log_prob(x); };
  s.sample = [make](const Vars& p, Var noise) { return make(p).sample(noise); };
  if constexpr (Reparameterized<P>) {
    s.rsample = [make](const Vars& p, Var noise) { return make(p).rsample(noise); };
  }
  s.entropy = [make](const Vars& p) { return make(p).entropy(); };
  s.expectation = [make](const Vars& p) { return make(p).expectation(); };
  s.mode = [make](const Vars& p) { return make(p).mode(); };
  return s;
}

inline Tensor pairs(std::initializer_list<double> values) {
  return Tensor::of(values, {2, 3}, DType::f64);
}

inline double logistic(double x) { return 1 / (1 + std::exp(-x)); }

inline std::vector<Subject> subjects() {
  const Tensor place = pairs({0.7, -1.1, 0.2, 1.6, 0.0, -0.4});
  const Tensor log_size = pairs({-0.4, 0.3, 0.1, -0.8, 0.6, -0.2});
  const double pi = std::acos(-1.0);
  std::vector<Subject> all;

  all.push_back(subject<DiagNormal>(
      "normal",
      [](const Vars& p) {
        return DiagNormal{p[0], p[1]};
      },
      {place, log_size},
      [pi](const Numbers& p, double x) {
        const double s = std::exp(p[1] / 2);
        return -0.5 * std::pow((x - p[0]) / s, 2) - std::log(s * std::sqrt(2 * pi));
      }));
  all.back().low = -15, all.back().high = 15;
  all.back().cdf = [](const Numbers& p, double x) {
    return 0.5 * std::erfc((p[0] - x) / std::exp(p[1] / 2) / std::sqrt(2.0));
  };

  all.push_back(subject<DiagNormal>(
      "normal of variance 0.3", [](const Vars& p) { return fixed_normal(p[0], 0.3); }, {place},
      [pi](const Numbers& p, double x) {
        return -0.5 * std::pow(x - p[0], 2) / 0.3 - 0.5 * std::log(2 * pi * 0.3);
      }));
  all.back().low = -15, all.back().high = 15;
  all.back().cdf = [](const Numbers& p, double x) {
    return 0.5 * std::erfc((p[0] - x) / std::sqrt(0.6));
  };

  all.push_back(subject<Laplace>(
      "laplace",
      [](const Vars& p) {
        return Laplace{p[0], p[1]};
      },
      {place, log_size},
      [](const Numbers& p, double x) {
        const double b = std::exp(p[1]);
        return -std::fabs(x - p[0]) / b - std::log(2 * b);
      }));
  all.back().low = -60, all.back().high = 60;
  all.back().cdf = [](const Numbers& p, double x) {
    const double t = (x - p[0]) / std::exp(p[1]);
    return t < 0 ? 0.5 * std::exp(t) : 1 - 0.5 * std::exp(-t);
  };

  all.push_back(subject<Bernoulli>(
      "bernoulli", [](const Vars& p) { return Bernoulli{p[0]}; }, {place},
      [](const Numbers& p, double x) {
        return std::log(x == 1 ? logistic(p[0]) : 1 - logistic(p[0]));
      }));
  all.back().support = {0, 1};

  const Tensor logits =
      Tensor::of({0.3,  -0.7, 1.2, 0.1, -2.0, 0.4, 0.0, 0.9, 1.5, -0.3, 0.2, -1.0,
                  0.25, 0.5,  1.0, 2.0, 0.7,  0.6, 0.8, 0.1, 3.0, -1.0, 0.5, 0.45},
                 {2, 3, 4}, DType::f64);
  all.push_back(subject<Categorical>(
      "categorical", [](const Vars& p) { return Categorical{p[0]}; }, {logits},
      [](const Numbers& p, double x) {
        double total = 0;
        for (double l : p) total += std::exp(l);
        return p[std::size_t(x)] - std::log(total);
      }));
  all.back().support = {0, 1, 2, 3};

  // Means inside the range, at its edge and outside; scales from below one level to a quarter of
  // the range.
  all.push_back(subject<DiscretizedLogistic>(
      "discretized logistic",
      [](const Vars& p) {
        return DiscretizedLogistic{p[0], p[1]};
      },
      {pairs({0.4, 0.01, 0.93, 0.5, 0.707, 1.05}), pairs({-2.0, -3.5, -2.8, -1.4, -6.2, -2.2})},
      [](const Numbers& p, double x) {
        const double s = std::exp(p[1]), h = 0.5 / 255;
        const auto tail = [s](double t) { return 1 / (1 + std::exp(t / s)); };
        // The same mass from below and from above; of the two, what keeps its digits.
        if (x < h) return std::log(tail(p[0] - x - h));
        if (x > 1 - h) return std::log(tail(x - h - p[0]));
        return std::log(x < p[0] ? tail(p[0] - x - h) - tail(p[0] - x + h)
                                 : tail(x - h - p[0]) - tail(x + h - p[0]));
      }));
  for (int k = 0; k < 256; ++k) all.back().support.push_back(k / 255.0);
  return all;
}

}  // namespace nelbo::tests
