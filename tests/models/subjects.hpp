#pragma once
// Every distribution with parameters to test it at and an element's log-density in plain double.
#include <string>

#include "models/distributions.hpp"
#include "tests/models/support.hpp"

namespace nelbo::tests {

using Vars = std::vector<Var>;
using Numbers = std::vector<double>;

/// [1, 1, n].
inline Tensor row(const Numbers& values, DType dtype = DType::f64) {
  return Tensor::of(values, {1, 1, std::int64_t(values.size())}, dtype);
}

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

/// P(Z <= z) of a gamma variable of shape c and rate 1: the sum of z^(c + n) exp(-z) / Gamma(c + n
/// + 1).
inline double gamma_cdf(double c, double z) {
  if (z <= 0) return 0;
  double term = std::exp(c * std::log(z) - z - std::lgamma(c + 1)), sum = 0;
  for (int n = 1; term > 1e-17 * sum; ++n) {
    sum += term;
    term *= z / (c + n);
  }
  return sum;
}

/// P(X <= x) of a beta variable: a sum of positive terms, of x or of 1 - x.
inline double beta_cdf(double a, double b, double x) {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - beta_cdf(b, a, 1 - x);
  const double log_beta = std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b);
  double term = std::exp(a * std::log(x) + b * std::log1p(-x) - log_beta) / a, sum = 0;
  for (int n = 0; term > 1e-17 * sum; ++n) {
    sum += term;
    term *= x * (a + b + n) / (a + 1 + n);
  }
  return sum;
}

/// P(T <= t) of Student's distribution.
inline double student_t_cdf(double nu, double t) {
  const double upper = beta_cdf(nu / 2, 0.5, nu / (nu + t * t)) / 2;
  return t < 0 ? upper : 1 - upper;
}

/// The density's Fourier series, integrated from -pi.
inline double von_mises_cdf(double kappa, double x) {
  const double pi = std::acos(-1.0), i0 = std::cyl_bessel_i(0.0, kappa);
  double sum = 0.5 + x / (2 * pi);
  for (int n = 1; n < 60; ++n) {
    const double share = std::cyl_bessel_i(double(n), kappa) / (i0 * n * pi);
    sum += share * std::sin(n * x);
    if (share < 1e-18) break;
  }
  return sum;
}

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

  // Densities that are smooth enough at the ends for sums over a grid.
  const Tensor log_a = pairs({1.1, 2.0, 1.5, 1.2, 2.6, 1.8});
  const Tensor log_b = pairs({1.3, 1.2, 2.2, 1.6, 1.9, 1.15});
  all.push_back(subject<Gamma>(
      "gamma",
      [](const Vars& p) {
        return Gamma{p[0], p[1]};
      },
      {log_a, log_size},
      [](const Numbers& p, double x) {
        const double c = std::exp(p[0]);
        return c * p[1] + (c - 1) * std::log(x) - std::exp(p[1]) * x - std::lgamma(c);
      }));
  all.back().low = 0, all.back().high = 90;
  all.back().cdf = [](const Numbers& p, double x) {
    return gamma_cdf(std::exp(p[0]), x * std::exp(p[1]));
  };

  all.push_back(subject<Beta>(
      "beta",
      [](const Vars& p) {
        return Beta{p[0], p[1]};
      },
      {log_a, log_b},
      [](const Numbers& p, double x) {
        const double a = std::exp(p[0]), b = std::exp(p[1]);
        return (a - 1) * std::log(x) + (b - 1) * std::log1p(-x) + std::lgamma(a + b) -
               std::lgamma(a) - std::lgamma(b);
      }));
  all.back().low = 0, all.back().high = 1;
  all.back().cdf = [](const Numbers& p, double x) {
    return beta_cdf(std::exp(p[0]), std::exp(p[1]), x);
  };

  all.push_back(subject<StudentT>(
      "student t",
      [](const Vars& p) {
        return StudentT{p[0], p[1], p[2]};
      },
      {place, log_size, pairs({2.2, 3.0, 2.4, 2.7, 4.0, 2.3})},
      [pi](const Numbers& p, double x) {
        const double t = (x - p[0]) / std::exp(p[1]), nu = std::exp(p[2]);
        return std::lgamma((nu + 1) / 2) - std::lgamma(nu / 2) - 0.5 * std::log(pi * nu) - p[1] -
               (nu + 1) / 2 * std::log1p(t * t / nu);
      }));
  all.back().low = -90, all.back().high = 90;
  all.back().cdf = [](const Numbers& p, double x) {
    return student_t_cdf(std::exp(p[2]), (x - p[0]) / std::exp(p[1]));
  };

  // All means 0, so that all densities have the same support.
  all.push_back(subject<VonMises>(
      "von mises",
      [](const Vars& p) {
        return VonMises{p[0], p[1]};
      },
      {pairs({0, 0, 0, 0, 0, 0}), pairs({1.1, 1.6, 0.9, 2.3, 1.3, 3.1})},
      [pi](const Numbers& p, double x) {
        const double kappa = std::exp(p[1]);
        return kappa * std::cos(x - p[0]) - std::log(2 * pi * std::cyl_bessel_i(0.0, kappa));
      }));
  all.back().low = -pi, all.back().high = pi;
  all.back().cdf = [](const Numbers& p, double x) { return von_mises_cdf(std::exp(p[1]), x); };
  return all;
}

}  // namespace nelbo::tests
