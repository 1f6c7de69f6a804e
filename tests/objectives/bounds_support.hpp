#pragma once
// What the tests of the bounds share: all of them, and a world that can be enumerated.
#include <cmath>
#include <functional>
#include <vector>

#include "autodiff/random.hpp"
#include "objectives/bounds/bounds.hpp"

namespace nelbo::tests {

/// Every bound on m >= 2 samples; mc and miwae on 3 m.
inline std::vector<Bound> all_bounds(std::int64_t m) {
  using namespace bounds;
  return {mc(m, elbo()),      iw(m),       miwae(3, m),   mc(3, jackknife(m)),
          renyi(-1.5, m),     renyi(0, m), renyi(0.5, m), renyi(1, m),
          renyi(1 - 1e-9, m), renyi(3, m), vr_max(m),     cubo(1, m),
          cubo(2, m),         ciwae(0, m), ciwae(0.3, m), ciwae(1, m),
          jackknife(m),       tvo(1, m),   tvo(7, m)};
}

struct Evaluated {
  double value;
  std::vector<double> a, h;
};

inline Evaluated evaluate(const Bound& bound, const std::vector<double>& f) {
  Evaluated result{0, std::vector<double>(f.size()), std::vector<double>(f.size())};
  result.value = bound(f, result.a, result.h);
  return result;
}

/// n normal numbers with standard deviation `scale`.
inline std::vector<double> normal(std::size_t n, double scale, std::uint32_t datum = 0) {
  std::vector<double> x(n);
  fill_normal(x.data(), {.stream = {17, StreamId::user}, .dimensions = n, .first_datum = datum});
  for (double& v : x) v *= scale;
  return x;
}

/// z takes three values: Q(z|x) and the joint P(x, z) at a fixed x.
struct DiscreteWorld {
  std::vector<double> q{0.5, 0.3, 0.2}, joint{0.02, 0.09, 0.04};

  double px() const { return joint[0] + joint[1] + joint[2]; }
  double log_weight(std::size_t z) const { return std::log(joint[z] / q[z]); }
  /// The exact expectation of g(f_1 .. f_m) over independent z_1 .. z_m ~ Q.
  double expectation(std::size_t m,
                     const std::function<double(const std::vector<double>&)>& g) const {
    std::vector<std::size_t> z(m, 0);
    std::vector<double> f(m);
    for (double sum = 0;;) {
      double probability = 1;
      for (std::size_t s = 0; s < m; ++s) {
        probability *= q[z[s]];
        f[s] = log_weight(z[s]);
      }
      sum += probability * g(f);
      std::size_t s = 0;
      while (s < m && ++z[s] == q.size()) z[s++] = 0;
      if (s == m) return sum;
    }
  }
  double expectation(const Bound& bound) const {
    return expectation(std::size_t(bound.samples()),
                       [&](const std::vector<double>& f) { return bound(f); });
  }
  /// E w^p in closed form.
  double moment(double p) const {
    double sum = 0;
    for (std::size_t z = 0; z < q.size(); ++z) sum += q[z] * std::exp(p * log_weight(z));
    return sum;
  }
};

}  // namespace nelbo::tests
