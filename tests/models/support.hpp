#pragma once
// Oracles that the tests of the models share.
#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "autodiff/ops.hpp"
#include "autodiff/tape.hpp"
#include "models/distributions/distribution.hpp"
#include "tests/catch.hpp"

namespace nelbo::tests {

using Function =
    std::function<Var(const std::vector<Var>&)>;  // of differentiable f64 leaves, to rank 0

/// The value of f at `inputs`.
inline double value_at(const Function& f, const std::vector<Tensor>& inputs) {
  Tape tape;
  Recording recording(tape);
  std::vector<Var> vars;
  for (const Tensor& x : inputs) vars.push_back(tape.leaf(x));
  return f(vars).item();
}

/// Holds every partial derivative of f against a central difference in double.
inline void check_gradient(const Function& f, const std::vector<Tensor>& inputs,
                           double tolerance = 1e-7) {
  Tape tape;
  std::vector<Var> vars;
  {
    Recording recording(tape);
    for (const Tensor& x : inputs) vars.push_back(tape.leaf(x, true));
    tape.backward(f(vars));
  }
  const double h = 1e-5;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Tensor gradient = tape.adjoint(vars[i]);
    for (std::int64_t k = 0; k < inputs[i].size(); ++k) {
      std::vector<Tensor> moved = inputs;
      moved[i] = inputs[i].cast(DType::f64);
      double& x = moved[i].data_as<double>()[k];
      const double centre = x;
      const auto at = [&](double step) {
        x = centre + step;
        return value_at(f, moved);
      };
      // Fourth order: the error is of order h^4 and eps / h.
      const double difference = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
      INFO("input " << i << ", element " << k);
      CHECK(gradient.values()[std::size_t(k)] ==
            Approx(difference).epsilon(tolerance).margin(tolerance));
    }
  }
}

/// Kolmogorov and Smirnov's sqrt(n) sup |F_n - F|; above 1.95 with probability 0.001.
inline double kolmogorov_smirnov(std::vector<double> sample,
                                 const std::function<double(double)>& cdf) {
  std::sort(sample.begin(), sample.end());
  const double n = double(sample.size());
  double distance = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const double f = cdf(sample[i]);
    distance = std::max({distance, f - double(i) / n, double(i + 1) / n - f});
  }
  return std::sqrt(n) * distance;
}

/// Random numbers from [-scale, scale).
inline Tensor numbers(const Shape& shape, unsigned seed, double scale = 1) {
  std::mt19937_64 random(seed);
  Tensor x(shape, DType::f64);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    x.data_as<double>()[i] = scale * (double(random() >> 11) * 0x1p-52 - 1);
  }
  return x;
}

/// Weights tell all elements apart.
inline Var weighted_sum(Var x) { return sum(x * Tape::current().leaf(numbers(x.shape(), 77))); }

/// n equidistant points from low to high as [n, 1, 1].
inline Tensor grid(double low, double high, std::int64_t n) {
  Tensor x({n, 1, 1}, DType::f64);
  for (std::int64_t i = 0; i < n; ++i) {
    x.set({i, 0, 0}, low + (high - low) * double(i) / double(n - 1));
  }
  return x;
}

/// Numbers in (-2, 2) with no pattern.
inline Tensor uneven(const Shape& shape, double factor) {
  Tensor t(shape, DType::f64);
  for (std::int64_t i = 0; i < t.size(); ++i) {
    t.data_as<double>()[i] = std::sin(factor * double(i + 1)) * 2;
  }
  return t;
}

/// Noise in (0, 1).
inline Tensor uniform(const Shape& shape, std::uint64_t seed, DType dtype = DType::f64) {
  const Tensor noise(shape, dtype);
  fill_noise(Noise::uniform, noise, {.stream = {seed, StreamId::user}});
  return noise;
}

}  // namespace nelbo::tests
