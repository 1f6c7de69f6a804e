// Closed-form divergences in float over a sweep of extreme parameters, against the textbook's sums in long
// double at the same parameters.
#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "autodiff/ops/shape_ops.hpp"
#include "models/distributions/kl.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

using Real = long double;
using Reals = std::vector<Real>;
using Vars = std::vector<Var>;

/// A divergence of n parameters of p and n of q, each one number.
struct Family {
  std::string name;
  std::size_t parameters;
  std::vector<std::vector<float>> grid;                 // of each
  std::function<Var(const Vars& p, const Vars& q)> kl;  // of leaves [N, 1]: [N]
  std::function<Real(const Reals& p, const Reals& q)> reference;
  double relative, absolute;
};

Real digamma(Real z) {
  Real shift = 0;
  for (; z < 30; ++z) shift += 1 / z;
  const Real q = 1 / (z * z);
  return std::log(z) - 0.5L / z - q * (1 / 12.0L - q * (1 / 120.0L - q * (1 / 252.0L - q / 240))) -
         shift;
}

Real log_gamma(Real x) { return std::lgamma(x); }

Real gamma_reference(const Reals& p, const Reals& q) {
  const Real c = std::exp(p[0]), d = std::exp(q[0]), rates = q[1] - p[1];
  return (c - d) * digamma(c) - log_gamma(c) + log_gamma(d) - d * rates + c * std::expm1(rates);
}

Real beta_reference(const Reals& p, const Reals& q) {
  Real sum = 0, total_p = 0, total_q = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    const Real c = std::exp(p[i]), d = std::exp(q[i]);
    total_p += c;
    total_q += d;
    sum += (c - d) * digamma(c) - log_gamma(c) + log_gamma(d);
  }
  return sum - (total_p - total_q) * digamma(total_p) + log_gamma(total_p) - log_gamma(total_q);
}

Real normal_reference(const Reals& p, const Reals& q) {
  const Real d = p[0] - q[0];
  return (q[1] - p[1] + std::expm1(p[1] - q[1]) + d * d * std::exp(-q[1])) / 2;
}

Real laplace_reference(const Reals& p, const Reals& q) {
  const Real d = std::fabs(p[0] - q[0]), b = std::exp(p[1]);
  return q[1] - p[1] + (b * std::exp(-d / b) + d) * std::exp(-q[1]) - 1;
}

Real bernoulli_reference(const Reals& p, const Reals& q) {
  const auto log_sigmoid = [](Real x) {
    return x > 0 ? -std::log1p(std::exp(-x)) : x - std::log1p(std::exp(x));
  };
  Real sum = 0;
  for (const int sign : {1, -1}) {
    const Real log_p = log_sigmoid(sign * p[0]), log_q = log_sigmoid(sign * q[0]);
    sum += std::exp(log_p) * (log_p - log_q);
  }
  return sum;
}

Real categorical_reference(const Reals& p, const Reals& q) {
  return bernoulli_reference({p[0] - p[1]}, {q[0] - q[1]});
}

Reals standard(const Reals&) { return {0, 0}; }

std::vector<Family> families() {
  const std::vector<float> shapes{-14, -6.9f, -2.3f, 0, 1.1f, 1.2f, 3.4f, 9, 9.01f, 13.8155f, 18};
  const std::vector<float> rates{-20, -1, 0, 0.01f, 20};
  const std::vector<float> means{-1000, 0, 0.001f, 1, 1.001f},
      scales{-60, -30, -1, 0, 0.001f, 30, 60};
  const std::vector<float> logits{-1000, -40, -5, -0.001f, 0, 0.001f, 30, 1000};
  const auto beside = [](const Vars& x) { return stack({x[0], x[1]}, -1); };     // [N, 1, 2]
  const auto row = [](const Vars& x) { return concatenate({x[0], x[1]}, -1); };  // [N, 2]
  // exp of half a log-variance is a 1 x 1 factor.
  const auto full = [](const Vars& x) {
    return FullNormal{x[0], reshape(exp(0.5 * x[1]), {x[1].shape()[0], 1, 1})};
  };
  return {
      {"gamma",
       2,
       {shapes, rates},
       [](const Vars& p, const Vars& q) {
         return kl(Gamma{p[0], p[1]}, Gamma{q[0], q[1]});
       },
       gamma_reference,
       1e-6,
       1e-9},
      {"beta",
       2,
       {shapes, shapes},
       [](const Vars& p, const Vars& q) {
         return kl(Beta{p[0], p[1]}, Beta{q[0], q[1]});
       },
       beta_reference,
       1e-6,
       1e-7},
      {"dirichlet",
       2,
       {shapes, shapes},
       [=](const Vars& p, const Vars& q) { return kl(Dirichlet{row(p)}, Dirichlet{row(q)}); },
       beta_reference,
       1e-6,
       1e-7},
      {"normal",
       2,
       {means, scales},
       [](const Vars& p, const Vars& q) {
         return kl(DiagNormal{p[0], p[1]}, DiagNormal{q[0], q[1]});
       },
       normal_reference,
       1e-5,
       1e-6},
      {"normal, standard normal",
       2,
       {means, scales},
       [](const Vars& p, const Vars&) {
         return kl(DiagNormal{p[0], p[1]}, StandardNormal{1});
       },
       [](const Reals& p, const Reals& q) { return normal_reference(p, standard(q)); },
       1e-5,
       1e-6},
      {"standard normal, normal",
       2,
       {means, scales},
       [](const Vars&, const Vars& q) {
         return kl(StandardNormal{1}, DiagNormal{q[0], q[1]});
       },
       [](const Reals& p, const Reals& q) { return normal_reference(standard(p), q); },
       1e-5,
       1e-6},
      {"full normal, standard normal",
       2,
       {means, scales},
       [=](const Vars& p, const Vars&) { return kl(full(p), StandardNormal{1}); },
       [](const Reals& p, const Reals& q) { return normal_reference(p, standard(q)); },
       1e-5,
       1e-5},
      {"normal, full normal",
       2,
       {means, scales},
       [=](const Vars& p, const Vars& q) {
         return kl(Normal{DiagNormal{p[0], p[1]}}, full(q));
       },
       normal_reference,
       1e-5,
       1e-5},
      {"laplace",
       2,
       {means, scales},
       [](const Vars& p, const Vars& q) {
         return kl(Laplace{p[0], p[1]}, Laplace{q[0], q[1]});
       },
       laplace_reference,
       1e-5,
       1e-6},
      {"bernoulli",
       1,
       {logits},
       [](const Vars& p, const Vars& q) { return kl(Bernoulli{p[0]}, Bernoulli{q[0]}); },
       bernoulli_reference,
       1e-5,
       2e-7},
      {"categorical",
       2,
       {logits, logits},
       [=](const Vars& p, const Vars& q) {
         return kl(Categorical{beside(p)}, Categorical{beside(q)});
       },
       categorical_reference,
       1e-5,
       2e-7},
  };
}

/// All combinations of one number from each list.
std::vector<std::vector<float>> combinations(const std::vector<std::vector<float>>& lists) {
  std::vector<std::vector<float>> all{{}};
  for (const std::vector<float>& list : lists) {
    std::vector<std::vector<float>> longer;
    for (const auto& some : all) {
      for (const float x : list) {
        longer.push_back(some);
        longer.back().push_back(x);
      }
    }
    all = longer;
  }
  return all;
}

}  // namespace

TEST_CASE("kl: in float over extreme parameters, against sums in long double") {
  for (const Family& family : families()) {
    const std::size_t n = family.parameters;
    std::vector<std::vector<float>> grids = family.grid;
    grids.insert(grids.end(), family.grid.begin(), family.grid.end());
    const std::vector<std::vector<float>> all = combinations(grids);
    Tape tape;
    const Recording recording(tape);
    Vars p, q;
    for (std::size_t i = 0; i < 2 * n; ++i) {
      std::vector<double> column;
      for (const auto& one : all) column.push_back(one[i]);
      (i < n ? p : q).push_back(tape.leaf(Tensor::of(column, {std::int64_t(all.size()), 1})));
    }
    const std::vector<double> found = family.kl(p, q).value().values();
    double worst = 0;
    std::size_t worst_at = 0;
    for (std::size_t r = 0; r < all.size(); ++r) {
      const Reals of_p(all[r].begin(), all[r].begin() + std::ptrdiff_t(n)),
          of_q(all[r].begin() + std::ptrdiff_t(n), all[r].end());
      const double exact = double(family.reference(of_p, of_q));
      if (exact > 1e30) continue;  // near the end of float
      const double error =
          std::fabs(found[r] - exact) / (family.relative * exact + family.absolute);
      if (error > worst || std::isnan(error)) {
        worst = std::isnan(error) ? HUGE_VAL : error;
        worst_at = r;
      }
    }
    INFO(family.name << " at " << Catch::Detail::stringify(all[worst_at]) << ": "
                     << found[worst_at]);
    CHECK(worst < 1);
  }
}

TEST_CASE("kl: gradients of beta and gamma divergences in float over extreme shapes") {
  // Central differences of fourth order of the sums in long double.
  const std::vector<Family> all = families();
  for (const Family& family : {all[0], all[1]}) {
    for (const auto& at :
         combinations({{-6.9f, 0, 9, 13.8155f}, {-2, 1.1f}, {-6.9f, 3.4f, 13}, {-4.6f, 2}})) {
      Tape tape;
      const Recording recording(tape);
      Vars vars;
      for (const float x : at) vars.push_back(tape.leaf(Tensor::of({x}, {1, 1}), true));
      tape.backward(sum(family.kl({vars[0], vars[1]}, {vars[2], vars[3]})));
      for (std::size_t i = 0; i < 4; ++i) {
        const auto moved = [&](Real step) {
          Reals x(at.begin(), at.end());
          x[i] += step;
          return family.reference({x[0], x[1]}, {x[2], x[3]});
        };
        const Real h = 1e-4L;
        const double expected =
            double((8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h));
        const double scale = std::fabs(expected) + 1e-6 * std::fabs(double(moved(0))) + 1e-3;
        CAPTURE(family.name, at, i, expected);
        CHECK(std::fabs(tape.adjoint(vars[i]).item() - expected) < 1e-5 * scale);
      }
    }
  }
}

TEST_CASE("kl: Beta(1e6, 3) from Beta(30, 0.01)") {
  Tape tape;
  const Recording recording(tape);
  const auto leaf = [&](double x) { return tape.leaf(Tensor::of({std::log(x)}, {1, 1})); };
  const double found = kl(Beta{leaf(1e6), leaf(3)}, Beta{leaf(30), leaf(0.01)}).item();
  CHECK(found == Approx(3.77).margin(5e-3));
}
