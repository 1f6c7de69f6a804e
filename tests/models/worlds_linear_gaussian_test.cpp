// The linear-Gaussian world against numbers of another program, its identities, Monte Carlo and
// quadrature.
#include <cmath>
#include <map>
#include <numbers>

#include "autodiff/error.hpp"
#include "models/worlds/linear_gaussian.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using nelbo::tests::contains;

namespace {

std::map<std::string, double> terms_of(const World& world) {
  std::map<std::string, double> terms;
  for (const auto& [name, value] : named_terms(world.exact())) terms[name] = value;
  return terms;
}

Tensor doubles(std::initializer_list<double> values, const Shape& shape) {
  return Tensor::of(values, shape, DType::f64);
}

LinearGaussian golden_with_encoder_variance(double variance) {
  LinearGaussianParameters p = golden_linear_gaussian().parameters();
  p.enc_var = doubles({variance, variance}, {2});
  return LinearGaussian(p);
}

/// The integral over the plane of f(z1, z2) by the midpoint rule, from -12 to 12: for integrands
/// that are smooth and die out it converges faster than any power of the step.
template <class F>
double integrate_plane(F f) {
  const int n = 240;
  const double h = 24.0 / n;
  Tensor z({n * n, 2}, DType::f64);
  for (int i = 0; i < n * n; ++i) {
    z.data_as<double>()[2 * i] = -12 + h * (i / n + 0.5);
    z.data_as<double>()[2 * i + 1] = -12 + h * (i % n + 0.5);
  }
  double sum = 0;
  for (double value : f(z)) sum += value;
  return sum * h * h;
}

std::vector<double> map2(const std::vector<double>& a, const std::vector<double>& b, auto f) {
  std::vector<double> result;
  for (std::size_t i = 0; i < a.size(); ++i) result.push_back(f(a[i], b[i]));
  return result;
}

/// x repeated in n rows.
Tensor rows_of(const Tensor& x, std::int64_t n) {
  Tensor result({n, x.size()}, DType::f64);
  for (std::int64_t i = 0; i < result.size(); ++i) {
    result.data_as<double>()[i] = x.data_as<double>()[i % x.size()];
  }
  return result;
}

}  // namespace

TEST_CASE("The golden linear-Gaussian instance has the known terms") {
  const auto terms = terms_of(golden_linear_gaussian());
  const std::map<std::string, double> known{
      {"div", 1.4595271340},    {"mi", 1.0967718686},      {"aggdiv", 0.3627552654},
      {"tc", 0.0358566252},     {"dwkl", 0.2820177519},    {"pf", -0.0448808883},
      {"hagg", 2.5279435767},   {"h_data", 2.3920780068},  {"nell", 2.1593176914},
      {"elbo", -3.6188448254},  {"log_px", -3.0356754456}, {"gap", 0.5831693798},
      {"mi_dec", 0.8050313586}, {"mi_lower", 0.2327603154}};
  for (const auto& [name, value] : known) {
    CAPTURE(name);
    CHECK(std::fabs(terms.at(name) - value) < 1e-10);
  }
}

TEST_CASE("Identities of the decomposition hold on random linear-Gaussian worlds") {
  for (std::int64_t D = 1; D <= 8; ++D) {
    for (std::int64_t X : {std::int64_t{1}, D, std::int64_t{8}}) {
      CAPTURE(X, D);
      const ExactTerms t = random_linear_gaussian(X, D, std::uint64_t(10 * D + X)).exact();
      CHECK(t.div == Approx(t.mi + t.aggdiv).margin(1e-11));
      CHECK(t.aggdiv == Approx(t.tc + t.dwkl - t.pf).margin(1e-11));
      CHECK(t.mi == Approx(t.hagg - t.hqzx).margin(1e-11));
      CHECK(t.log_px == Approx(t.elbo + t.gap).margin(1e-10));
      CHECK(t.tc >= -1e-12);
      CHECK(t.dwkl >= -1e-12);
      CHECK(t.gap >= -1e-12);
      // Both sides of the bracket of I_enc, eqs (30)-(35).
      CHECK(t.mi_lower <= t.mi + 1e-12);
      CHECK(t.mi <= t.div + 1e-12);
    }
  }
}

TEST_CASE("Densities of the linear-Gaussian world integrate to its terms") {
  const LinearGaussian world = golden_linear_gaussian();
  const ExactTerms t = world.exact();
  const auto p = [](double log_p) { return std::exp(log_p); };
  const auto weighted = [&](const std::vector<double>& log_p, const std::vector<double>& f) {
    return map2(log_p, f, [&](double a, double b) { return p(a) * b; });
  };
  const auto minus = [](double a, double b) { return a - b; };
  const auto under_aggregate = [&](auto f) {
    return integrate_plane([&](const Tensor& z) { return weighted(world.log_aggregate(z), f(z)); });
  };
  CHECK(under_aggregate([&](const Tensor& z) { return world.log_aggregate(z); }) ==
        Approx(-t.hagg).epsilon(1e-9));
  CHECK(under_aggregate([&](const Tensor& z) {
          return map2(world.log_aggregate(z), world.log_prior(z), minus);
        }) == Approx(t.aggdiv).epsilon(1e-9));
  CHECK(under_aggregate([&](const Tensor& z) {
          return map2(world.log_aggregate(z), world.log_aggregate_marginals(z), minus);
        }) == Approx(t.tc).epsilon(1e-9));
  CHECK(under_aggregate([&](const Tensor& z) {
          return map2(world.log_aggregate_marginals(z), world.log_prior_marginals(z), minus);
        }) == Approx(t.dwkl).epsilon(1e-9));
  CHECK(under_aggregate([&](const Tensor& z) {
          return map2(world.log_prior(z), world.log_prior_marginals(z), minus);
        }) == Approx(t.pf).epsilon(1e-9));

  // At one x: the evidence is the integral of the joint, the posterior obeys Bayes' rule, and the
  // gap is a Kullback-Leibler divergence.
  const Tensor x = doubles({0.9, -1.1}, {2});
  const double log_px = world.log_evidence(x.reshape({1, 2}))[0];
  CHECK(integrate_plane([&](const Tensor& z) {
          return map2(world.log_prior(z), world.log_decoder(rows_of(x, z.shape()[0]), z),
                      [&](double a, double b) { return p(a + b); });
        }) == Approx(std::exp(log_px)).epsilon(1e-9));
  const Tensor z = doubles({0.3, -0.2}, {1, 2});
  CHECK(world.log_posterior(x.reshape({1, 2}), z)[0] ==
        Approx(world.log_prior(z)[0] + world.log_decoder(x.reshape({1, 2}), z)[0] - log_px)
            .epsilon(1e-12));
  CHECK(integrate_plane([&](const Tensor& z) {
          const Tensor all = rows_of(x, z.shape()[0]);
          return weighted(world.log_encoder(all, z),
                          map2(world.log_encoder(all, z), world.log_posterior(all, z), minus));
        }) == Approx(world.gap_at(x)).epsilon(1e-9));
}

TEST_CASE("Moments of the importance weights agree with quadrature where they are finite") {
  const LinearGaussian world = golden_with_encoder_variance(0.6);
  const Tensor x = doubles({0.9, -1.1}, {2});
  for (double k : {1.0, 1.5, 2.0, 3.0}) {
    CAPTURE(k);
    if (!world.has_weight_moment(k)) {
      CHECK(std::isinf(world.weight_moment(x, k)));
      continue;
    }
    const double integral = integrate_plane([&](const Tensor& z) {
      const Tensor all = rows_of(x, z.shape()[0]);
      return map2(world.log_posterior(all, z), world.log_encoder(all, z),
                  [k](double p, double q) { return std::exp(k * p - (k - 1) * q); });
    });
    CHECK(world.weight_moment(x, k) == Approx(integral).epsilon(1e-8));
  }
  CHECK(world.weight_moment(x, 1) == Approx(1).epsilon(1e-12));
  CHECK(world.has_weight_moment(2));
  CHECK(world.chi_squared(x) > 0);
}

TEST_CASE("The weights of the golden instance have infinite variance") {
  const LinearGaussian world = golden_linear_gaussian();
  CHECK_FALSE(world.has_weight_moment(2));
  CHECK(std::isinf(world.chi_squared(doubles({0, 0}, {2}))));
  CHECK(world.has_weight_moment(1));
}

TEST_CASE("The posterior as encoder closes the gap and makes weights constant") {
  // D = 1, so that the posterior's covariance is diagonal: K = V / (1/s0 + V'V), Sigma_p the same
  // without V.
  LinearGaussianParameters p = random_linear_gaussian(3, 1, 5).parameters();
  const double v2 = [&] {
    double sum = 1 / p.prior_cov.item();
    for (int i = 0; i < 3; ++i) sum += std::pow(p.dec_weight.at({i, 0}), 2) / p.dec_var.at({i});
    return sum;
  }();
  p.enc_weight = Tensor({1, 3}, DType::f64);
  double bias = p.prior_mean.item() / p.prior_cov.item();
  for (int i = 0; i < 3; ++i) {
    const double w = p.dec_weight.at({i, 0}) / p.dec_var.at({i});
    p.enc_weight.set({0, i}, w / v2);
    bias -= w * p.dec_bias.at({i});
  }
  p.enc_bias = doubles({bias / v2}, {1});
  p.enc_var = doubles({1 / v2}, {1});
  const LinearGaussian world(p);
  CHECK(world.exact().gap == Approx(0).margin(1e-12));
  CHECK(world.chi_squared(doubles({1, -2, 0.5}, {3})) == Approx(0).margin(1e-12));
}

TEST_CASE("The variance of density ratios over the data is exp(2 I_enc) - 1") {
  // Mehler's identity, by Monte Carlo: E (Q(z|x') / P_enc(z))^2 over independent x', z.
  const LinearGaussian world = golden_with_encoder_variance(0.6);
  const std::int64_t n = 200000;
  Tensor noise({n, 6}, DType::f64);
  fill_normal(noise.data_as<double>(), {.stream = {.seed = 3, .id = StreamId::evaluation},
                                        .batch = std::size_t(n),
                                        .dimensions = 6});
  const Tensor x = world.sample_data(noise.slice(1, 0, 2).contiguous());
  const Tensor other = world.sample_data(noise.slice(1, 2, 4).contiguous());
  const Tensor z = world.sample_encoder(x, noise.slice(1, 4, 6).contiguous());
  const auto ratio = map2(world.log_encoder(other, z), world.log_aggregate(z),
                          [](double a, double b) { return std::exp(2 * (a - b)); });
  double sum = 0, squares = 0;
  for (double r : ratio) sum += r, squares += r * r;
  const double mean = sum / double(n), variance = squares / double(n) - mean * mean;
  const double score = (mean - std::exp(2 * world.exact().mi)) / std::sqrt(variance / double(n));
  CAPTURE(mean, score);
  CHECK(std::fabs(score) < 4);
}

TEST_CASE("Monte Carlo over draws of random worlds meets the closed forms") {
  for (std::int64_t D : {1, 3, 8}) {
    const std::int64_t X = 9 - D;
    const LinearGaussian world = random_linear_gaussian(X, D, std::uint64_t(D));
    const ExactTerms t = world.exact();
    const std::size_t n = 100000;
    const LogDensities f = world.draw({.seed = 1, .id = StreamId::evaluation}, 0, 0, n);
    const auto check = [&](const char* name, double exact, const std::vector<double>& a,
                           const std::vector<double>& b) {
      double sum = 0, squares = 0;
      for (std::size_t i = 0; i < n; ++i) {
        sum += a[i] - b[i];
        squares += (a[i] - b[i]) * (a[i] - b[i]);
      }
      const double mean = sum / double(n), variance = squares / double(n) - mean * mean;
      const double score = (mean - exact) / std::sqrt(variance / double(n));
      CAPTURE(name, D, mean, exact, score);
      CHECK(std::fabs(score) < 4);
    };
    const std::vector<double> zero(n);
    check("nell", t.nell, zero, f.decoder);
    check("div", t.div, f.encoder, f.prior);
    check("mi", t.mi, f.encoder, f.aggregate);
    check("hagg", t.hagg, zero, f.aggregate);
    check("log_px", t.log_px, f.evidence, zero);
    check("gap", t.gap, f.encoder, f.posterior);
    if (D > 1) check("tc", t.tc, f.aggregate, f.aggregate_marginals);
    check("dwkl", t.dwkl, f.aggregate_marginals, f.prior_marginals);
    if (D > 1) check("pf", t.pf, f.prior, f.prior_marginals);
  }
}

TEST_CASE("Draws do not depend on how they are cut") {
  const LinearGaussian world = golden_linear_gaussian();
  const Stream stream{.seed = 4, .id = StreamId::evaluation};
  const LogDensities whole = world.draw(stream, 2, 0, 50), part = world.draw(stream, 2, 20, 30);
  for (std::size_t i = 0; i < 30; ++i) {
    CHECK(part.encoder[i] == whole.encoder[20 + i]);
    CHECK(part.posterior[i] == whole.posterior[20 + i]);
  }
}

TEST_CASE("Bad parameters of a linear-Gaussian world are refused by name") {
  const auto refused = [](auto change) -> std::string {
    LinearGaussianParameters p = golden_linear_gaussian().parameters();
    change(p);
    try {
      LinearGaussian world(p);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  using P = LinearGaussianParameters;
  CHECK_THAT(refused([](P& p) {
               p.data_cov = doubles({1, 2, 2, 1}, {2, 2});
             }),
             contains("data_cov is not positive definite"));
  CHECK_THAT(refused([](P& p) {
               p.prior_cov = doubles({1, 0.5, 0.4, 1}, {2, 2});
             }),
             contains("prior_cov is not symmetric"));
  CHECK_THAT(refused([](P& p) { p.enc_var = doubles({1, 0}, {2}); }), contains("enc_var"));
  CHECK_THAT(refused([](P& p) { p.dec_var = doubles({-1, 1}, {2}); }), contains("dec_var"));
  CHECK_THAT(refused([](P& p) {
               p.dec_bias = doubles({NAN, 1}, {2});
             }),
             contains("dec_bias holds a number that is not finite"));
  CHECK_THAT(refused([](P& p) {
               p.data_mean = doubles({1, INFINITY}, {2});
             }),
             contains("data_mean"));
  CHECK_THAT(refused([](P& p) {
               p.enc_weight = doubles({1, 2}, {1, 2});
             }),
             contains("enc_weight has shape [1, 2], wanted [2, 2]"));
  CHECK_THAT(refused([](P& p) {
               p.dec_weight = doubles({1, 2, 3, 4}, {4});
             }),
             contains("dec_weight"));
  CHECK_THAT(refused([](P& p) { p.prior_mean = Tensor({0}, DType::f64); }), contains("prior_mean"));
  CHECK_THAT(refused([](P& p) { p.enc_bias = Tensor(); }), contains("enc_bias"));
  CHECK(refused([](P&) {}) == "accepted");
}
