// Normal distributions with full covariance against plain loops in double, integrals over a grid,
// moments of samples, differences and the golden linear-Gaussian world.
#include "models/distributions/full_normal.hpp"

#include <limits>

#include "autodiff/error.hpp"
#include "models/distributions.hpp"
#include "tests/models/support.hpp"

using namespace nelbo;
using namespace nelbo::tests;

static_assert(Reparameterized<FullNormal> && Reparameterized<Normal>);
static_assert(HasKl<FullNormal, StandardNormal> && HasKl<DiagNormal, FullNormal> &&
              HasKl<FullNormal, FullNormal> && HasKl<Normal, StandardNormal>);
static_assert(!HasKl<FullNormal, Laplace> && !HasKl<StandardNormal, FullNormal>);

namespace {

using Vars = std::vector<Var>;

const double log_two_pi = std::log(2 * std::acos(-1.0));

/// Factors [..., D, D] with diagonals in exp(-0.5 .. 0.5).
Tensor factors(const Shape& shape, unsigned seed) {
  Tensor l = numbers(shape, seed);
  const std::int64_t d = shape[-1];
  for (std::int64_t e = 0; e < l.size(); ++e) {
    double& v = l.data_as<double>()[e];
    const std::int64_t i = e / d % d, j = e % d;
    v = i == j ? std::exp(v / 2) : j < i ? v : 0;
  }
  return l;
}

/// log N(x; m, L L') by inverting the covariance with Gauss and Jordan's elimination.
double log_density(const std::vector<double>& x, const std::vector<double>& m,
                   const std::vector<double>& l) {
  const std::size_t d = x.size();
  std::vector<double> a(d * d), y(d);
  for (std::size_t i = 0; i < d; ++i) {
    y[i] = x[i] - m[i];
    for (std::size_t j = 0; j < d; ++j) {
      for (std::size_t k = 0; k < d; ++k) a[i * d + j] += l[i * d + k] * l[j * d + k];
    }
  }
  double log_det = 0;
  std::vector<double> solved = y;
  for (std::size_t k = 0; k < d; ++k) {
    log_det += std::log(a[k * d + k]);
    for (std::size_t i = 0; i < d; ++i) {
      if (i == k) continue;
      const double factor = a[i * d + k] / a[k * d + k];
      for (std::size_t j = 0; j < d; ++j) a[i * d + j] -= factor * a[k * d + j];
      solved[i] -= factor * solved[k];
    }
  }
  double quadratic = 0;
  for (std::size_t k = 0; k < d; ++k) quadratic += y[k] * solved[k] / a[k * d + k];
  return -0.5 * (quadratic + log_det + double(d) * log_two_pi);
}

std::vector<double> part(const Tensor& t, std::int64_t i, std::int64_t size) {
  const auto all = t.values();
  return {all.begin() + i * size, all.begin() + (i + 1) * size};
}

/// Points of a square grid [n^2, 1, 2].
Tensor plane(double bound, std::int64_t n) {
  Tensor x({n * n, 1, 2}, DType::f64);
  for (std::int64_t i = 0; i < n * n; ++i) {
    x.set({i, 0, 0}, -bound + 2 * bound * double(i / n) / double(n - 1));
    x.set({i, 0, 1}, -bound + 2 * bound * double(i % n) / double(n - 1));
  }
  return x;
}

const Tensor plane_mean = Tensor::of({0.4, -0.7}, {2}, DType::f64);
const Tensor plane_factor = Tensor::of({1.2, 0, -0.8, 0.5}, {2, 2}, DType::f64);

}  // namespace

TEST_CASE("full_normal: log_prob against plain loops, in both types and all layouts") {
  const std::int64_t s = 3, b = 2, d = 4;
  struct Layout {
    Shape x, mean, factor;
  };
  for (const Layout& layout :
       {Layout{{s, b, d}, {b, d}, {b, d, d}}, Layout{{s, b, d}, {d}, {d, d}},
        Layout{{b, d}, {b, d}, {b, d, d}}, Layout{{b, d}, {d}, {d, d}},
        Layout{{b, d}, {s, b, d}, {s, b, d, d}}, Layout{{s, b, d}, {b, d}, {d, d}},
        Layout{{d}, {d}, {d, d}}, Layout{{s, b, d}, {1, d}, {b, d, d}},
        Layout{{s, b, d}, {s, 1, d}, {s, 1, d, d}}}) {
    INFO("x " << layout.x.text() << ", factor " << layout.factor.text());
    const Tensor x = numbers(layout.x, 1, 2), mean = numbers(layout.mean, 2),
                 factor = factors(layout.factor, 3);
    const Shape all = broadcast(layout.x, layout.mean, "test");
    for (const DType dtype : {DType::f64, DType::f32}) {
      Tape tape;
      Recording recording(tape);
      const FullNormal q{tape.leaf(mean.cast(dtype)), tape.leaf(factor.cast(dtype))};
      const Tensor value = q.log_prob(tape.leaf(x.cast(dtype))).value();
      REQUIRE(value.shape() == Shape(all.dims().first(std::size_t(all.rank() - 1))));
      for (std::int64_t r = 0; r < value.size(); ++r) {
        // Of (s, b) the own row of an operand of any layout.
        const auto own = [&](const Tensor& t, int event, std::int64_t size) {
          const Shape& shape = t.shape();
          const int lead = shape.rank() - event;
          const std::int64_t at_b = all.rank() > 1 ? r % all[-2] : 0;
          const std::int64_t at_s = all.rank() > 2 ? r / all[-2] : 0;
          std::int64_t row = 0;
          if (lead >= 1 && shape[lead - 1] > 1) row = at_b;
          if (lead >= 2 && shape[0] > 1) row += at_s * shape[1];
          return part(t, row, size);
        };
        const double expected = log_density(own(x, 1, d), own(mean, 1, d), own(factor, 2, d * d));
        CHECK(value.values()[std::size_t(r)] ==
              Approx(expected).epsilon(dtype == DType::f64 ? 1e-12 : 1e-4));
      }
    }
  }
}

TEST_CASE("full_normal: the density integrates to 1, its parts to entropy and marginals") {
  const std::int64_t n = 601;
  const double bound = 9, step = 2 * bound / double(n - 1);
  Tape tape;
  Recording recording(tape);
  const FullNormal q{tape.leaf(plane_mean), tape.leaf(plane_factor)};
  const Tensor x = plane(bound, n);
  const auto log_p = q.log_prob(tape.leaf(x)).value().values();
  double total = 0, entropy = 0;
  std::vector<double> rows(static_cast<std::size_t>(n)), columns(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < log_p.size(); ++i) {
    const double p = std::exp(log_p[i]) * step * step;
    total += p;
    entropy -= p * log_p[i];
    rows[i / std::size_t(n)] += p / step;
    columns[i % std::size_t(n)] += p / step;
  }
  CHECK(total == Approx(1).epsilon(1e-9));
  CHECK(q.entropy().item() == Approx(entropy).epsilon(1e-9));
  const DiagNormal marginals = q.marginals();
  for (std::int64_t i = 200; i < 400; i += 20) {
    const double at = -bound + step * double(i);
    for (const std::int64_t k : {0, 1}) {
      const double m = marginals.mean.value().at({k}), lv = marginals.log_variance.value().at({k});
      const double density =
          std::exp(-0.5 * ((at - m) * (at - m) / std::exp(lv) + lv + log_two_pi));
      CHECK(density == Approx((k == 0 ? rows : columns)[std::size_t(i)]).epsilon(1e-8));
    }
  }
}

TEST_CASE("full_normal: moments of samples lie within 4 standard errors") {
  const std::int64_t n = 100000;
  Tape tape;
  Recording recording(tape);
  const Tensor mean = numbers({2, 3}, 5), factor = factors({2, 3, 3}, 6);
  const FullNormal q{tape.leaf(mean), tape.leaf(factor)};
  const Var noise = tape.leaf({n, 2, 3}, DType::f64);
  fill_noise(FullNormal::noise, tape.data(noise), {.stream = {31, StreamId::user}});
  const Tensor z = q.sample(noise).value();
  for (std::int64_t b = 0; b < 2; ++b) {
    double cov[3][3] = {};
    for (int i = 0; i < 3; ++i) {
      for (int j = 0; j < 3; ++j) {
        for (int k = 0; k < 3; ++k) cov[i][j] += factor.at({b, i, k}) * factor.at({b, j, k});
      }
    }
    for (std::int64_t i = 0; i < 3; ++i) {
      double average = 0;
      for (std::int64_t s = 0; s < n; ++s) average += z.at({s, b, i}) / double(n);
      const double error = std::sqrt(cov[i][i] / double(n));
      INFO("z " << (average - mean.at({b, i})) / error);
      CHECK(std::fabs(average - mean.at({b, i})) < 4 * error);
      for (std::int64_t j = 0; j <= i; ++j) {
        double product = 0;
        for (std::int64_t s = 0; s < n; ++s) {
          product +=
              (z.at({s, b, i}) - mean.at({b, i})) * (z.at({s, b, j}) - mean.at({b, j})) / double(n);
        }
        // Var[z_i z_j] = S_ii S_jj + S_ij^2.
        const double spread =
            std::sqrt((cov[i][i] * cov[j][j] + cov[i][j] * cov[i][j]) / double(n));
        INFO("z " << (product - cov[i][j]) / spread);
        CHECK(std::fabs(product - cov[i][j]) < 4 * spread);
      }
    }
    std::vector<double> last;
    for (std::int64_t s = 0; s < 20000; ++s) last.push_back(z.at({s, b, 2}));
    CHECK(kolmogorov_smirnov(last, [&](double x) {
            return 0.5 * std::erfc((mean.at({b, 2}) - x) / std::sqrt(2 * cov[2][2]));
          }) < 1.95);
  }
}

TEST_CASE("full_normal: the fused sample and density are those of its parts") {
  for (const Shape& factor : {Shape{2, 3, 3}, Shape{3, 3}}) {
    Tape tape;
    Recording recording(tape);
    const FullNormal q{tape.leaf(numbers({2, 3}, 5)), tape.leaf(factors(factor, 6))};
    const NormalSample sample = q.rsample_log_prob(tape.leaf(numbers({4, 2, 3}, 7, 2)));
    REQUIRE(sample.z.shape().text() == "[4, 2, 3]");
    const auto fused = sample.log_prob.value().values();
    const auto parts = q.log_prob(sample.z).value().values();
    REQUIRE(fused.size() == 8);
    for (std::size_t i = 0; i < 8; ++i) CHECK(fused[i] == Approx(parts[i]).epsilon(1e-12));
  }
}

TEST_CASE("full_normal: gradients agree with differences") {
  const std::vector<Tensor> inputs{numbers({2, 3}, 1), numbers({2, 3}, 2), numbers({2, 3}, 3),
                                   numbers({4, 2, 3}, 4)};
  const auto make = [](const Vars& v) {
    return FullNormal{v[0], lower_triangular(exp(v[1]), v[2])};
  };
  const Tensor noise = numbers({4, 2, 3}, 9, 2);
  check_gradient([&](const Vars& v) { return weighted_sum(make(v).log_prob(v[3])); }, inputs, 1e-6);
  check_gradient(
      [&](const Vars& v) {
        const NormalSample s = make(v).rsample_log_prob(Tape::current().leaf(noise));
        return weighted_sum(s.z) + weighted_sum(s.log_prob) + weighted_sum(make(v).entropy()) +
               weighted_sum(make(v).marginals().log_variance);
      },
      inputs, 1e-6);
}

TEST_CASE("full_normal: detached() keeps the value and stops the gradient") {
  Tape tape;
  Recording recording(tape);
  const Normal q = FullNormal{tape.leaf(plane_mean, true), tape.leaf(plane_factor, true)};
  const Var x = tape.leaf(numbers({3, 2, 2}, 1));
  CHECK(tape.differentiable(q.log_prob(x)));
  CHECK_FALSE(tape.differentiable(q.detached().log_prob(x)));
  CHECK_FALSE(tape.differentiable(q.sample(x)));
  CHECK(q.log_prob(x).value().values() == q.detached().log_prob(x).value().values());
  CHECK(q.covariance() == Covariance::full);
  CHECK_THROWS_WITH(q.diagonal("hagg"), contains("hagg needs a posterior with diagonal"));
}

TEST_CASE("full_normal: divergences lie within 4 standard errors of Monte Carlo means") {
  const std::int64_t n = 50000, d = 3;
  Tape tape;
  Recording recording(tape);
  const Var mean = tape.leaf(numbers({2, d}, 1));
  const DiagNormal diagonal{mean, tape.leaf(numbers({2, d}, 2))};
  const FullNormal full{mean, tape.leaf(factors({2, d, d}, 3))};
  const FullNormal target{tape.leaf(numbers({d}, 4)), tape.leaf(factors({d, d}, 5))};
  const DiagNormal diagonal_target{target.mean, tape.leaf(numbers({d}, 6))};
  const StandardNormal standard{d, DType::f64};
  const Var noise = tape.leaf({n, 2, d}, DType::f64);
  fill_noise(Noise::normal, tape.data(noise), {.stream = {41, StreamId::user}});
  const auto check = [&](const char* name, Var closed, Var samples) {
    REQUIRE(closed.shape().text() == "[2]");
    for (std::int64_t b = 0; b < 2; ++b) {
      double average = 0, squares = 0;
      for (std::int64_t s = 0; s < n; ++s) {
        const double v = samples.value().at({s, b});
        average += v / double(n);
        squares += v * v / double(n);
      }
      const double error = std::sqrt((squares - average * average) / double(n));
      INFO(name << ": z " << (average - closed.value().at({b})) / error);
      CHECK(std::fabs(average - closed.value().at({b})) < 4 * error);
    }
  };
  const auto ratio = [&](const Normal& q, const auto& p) {
    const Var z = q.rsample(noise);
    return q.log_prob(z) - p.log_prob(z);
  };
  check("full, standard", kl(full, standard), ratio(full, standard));
  check("normal, standard", kl(Normal(full), standard), ratio(full, standard));
  check("full, full", kl(full, target), ratio(full, target));
  check("diagonal, full", kl(diagonal, target), ratio(diagonal, target));
  check("expected, diagonal", expected_log_prob(full, diagonal_target),
        diagonal_target.log_prob(full.rsample(noise)));
  CHECK(kl(target, target).item() == Approx(0).margin(1e-13));
}

TEST_CASE("full_normal: a diagonal factor is a diagonal normal") {
  Tape tape;
  Recording recording(tape);
  const Var mean = tape.leaf(numbers({2, 3}, 1)), log_variance = tape.leaf(numbers({2, 3}, 2));
  const Var zero = tape.leaf({2, 3}, DType::f64);
  const DiagNormal diagonal{mean, log_variance};
  const FullNormal full{mean, lower_triangular(exp(0.5 * log_variance), zero)};
  const Var x = tape.leaf(numbers({4, 2, 3}, 3));
  const StandardNormal standard{3, DType::f64};
  const FullNormal target{tape.leaf(numbers({3}, 4)), tape.leaf(factors({3, 3}, 5))};
  const auto same = [](Var a, Var b) {
    const auto u = a.value().values(), v = b.value().values();
    REQUIRE(u.size() == v.size());
    for (std::size_t i = 0; i < u.size(); ++i) CHECK(u[i] == Approx(v[i]).epsilon(1e-12));
  };
  same(full.log_prob(x), diagonal.log_prob(x));
  same(full.rsample(x), diagonal.rsample(x));
  same(full.entropy(), diagonal.entropy());
  same(full.marginals().log_variance, log_variance);
  same(kl(full, standard), kl(diagonal, standard));
  same(kl(full, target), kl(diagonal, target));
  same(expected_log_prob(full, diagonal), expected_log_prob(diagonal, diagonal));
}

TEST_CASE("full_normal: gradients of the divergences agree with differences") {
  const std::vector<Tensor> inputs{numbers({2, 3}, 1), numbers({2, 3}, 2), numbers({2, 3}, 3),
                                   numbers({3}, 4),    numbers({3}, 5),    numbers({3}, 6)};
  check_gradient(
      [](const Vars& v) {
        const FullNormal full{v[0], lower_triangular(exp(v[1]), v[2])};
        const FullNormal target{v[3], lower_triangular(exp(v[4]), v[5])};
        const DiagNormal diagonal{v[0], v[1]};
        return weighted_sum(kl(full, target)) + weighted_sum(kl(diagonal, target)) +
               weighted_sum(kl(full, StandardNormal{3, DType::f64})) +
               weighted_sum(expected_log_prob(full, target.marginals()));
      },
      inputs, 1e-6);
}

TEST_CASE("full_normal: replayed with new numbers") {
  Tape tape({.mode = Tape::Mode::replay});
  Var mean, factor, noise, log_p, divergence;
  {
    Recording recording(tape);
    mean = tape.leaf({2, 3}, DType::f64);
    factor = tape.leaf({2, 3, 3}, DType::f64);
    noise = tape.leaf({4, 2, 3}, DType::f64);
    const FullNormal q{mean, factor};
    log_p = q.log_prob(q.rsample(noise));
    divergence = kl(q, StandardNormal{3, DType::f64});
  }
  for (unsigned step = 0; step < 2; ++step) {
    const Tensor m = numbers({2, 3}, 10 + step), l = factors({2, 3, 3}, 20 + step),
                 e = numbers({4, 2, 3}, 30 + step);
    tape.data(mean).copy_from(m);
    tape.data(factor).copy_from(l);
    tape.data(noise).copy_from(e);
    tape.forward();
    Tape fresh;
    Recording recording(fresh);
    const FullNormal q{fresh.leaf(m), fresh.leaf(l)};
    CHECK(log_p.value().values() == q.log_prob(q.rsample(fresh.leaf(e))).value().values());
    CHECK(divergence.value().values() == kl(q, StandardNormal{3, DType::f64}).value().values());
  }
}

TEST_CASE("full_normal: a given covariance, and what is refused") {
  Tape tape;
  Recording recording(tape);
  const Tensor zero({2}, DType::f64);
  const FullNormal q = given_normal(zero, Tensor::of({1, 0.5, 0.5, 1.5}, {2, 2}, DType::f64));
  const Tensor l = q.factor.value();
  CHECK(l.at({0, 0}) == 1);
  CHECK(l.at({1, 0}) == 0.5);
  CHECK(l.at({0, 1}) == 0);
  CHECK(l.at({1, 1}) == Approx(std::sqrt(1.25)).epsilon(1e-15));
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  const auto given = [&](std::initializer_list<double> covariance, const Shape& shape) {
    return given_normal(zero, Tensor::of(covariance, shape, DType::f64));
  };
  CHECK_THROWS_WITH(given({1, 2, 2, 1}, {2, 2}), contains("not positive definite"));
  CHECK_THROWS_WITH(given({1, 1, 1, 1}, {2, 2}), contains("not positive definite"));
  CHECK_THROWS_WITH(given({-1, 0, 0, 1}, {2, 2}), contains("not positive definite"));
  CHECK_THROWS_WITH(given({1, 0, 0, nan}, {2, 2}), contains("not finite at (1, 1)"));
  CHECK_THROWS_WITH(given({infinity, 0, 0, 1}, {2, 2}), contains("not finite at (0, 0)"));
  CHECK_THROWS_WITH(given({1, 0.2, 0.3, 1}, {2, 2}), contains("not symmetric"));
  CHECK_THROWS_WITH(given({1, nan, 0, 1}, {2, 2}), contains("not finite at (1, 0)"));
  CHECK_THROWS_WITH(given({1, 0, 0, 1}, {4}), contains("[D, D]"));
  CHECK_THROWS_WITH(given_normal(Tensor::full({1}, nan), Tensor::full({1, 1}, 1)),
                    contains("mean that is not finite"));
  CHECK_THROWS_WITH(
      (FullNormal{tape.leaf({2, 3}), tape.leaf({2, 2, 2})}.log_prob(tape.leaf({2, 3}))),
      contains("[.., D, D]"));
}
