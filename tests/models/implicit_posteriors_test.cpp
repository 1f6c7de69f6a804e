// Posteriors and priors of gamma, beta, Dirichlet, von Mises and Student variables: divergences against
// quadrature in double, gradients of means against closed forms' derivatives, and what they refuse.
#include <cmath>
#include <functional>
#include <numbers>

#include "autodiff/error.hpp"
#include "models/posteriors/implicit_posterior.hpp"
#include "models/vae.hpp"
#include "tests/models/support.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

constexpr double pi = std::numbers::pi;

/// What encoders' numbers become: implicit_families.hpp.
double positive(double r) { return std::log1p(std::exp(r + std::log(std::numbers::e - 1))); }

/// A posterior of one datum with these numbers of the encoder's, in double.
struct Recorded {
  Recorded(const std::string& posterior, const std::vector<double>& numbers, std::int64_t latent)
      : family(parse_posterior(posterior)), codes(family.codes(latent)) {
    output = tape.leaf(Tensor::of(numbers, {1, std::int64_t(numbers.size())}, DType::f64), true);
    q = family.recorder(codes, store)(output);
  }
  std::shared_ptr<const Prior> prior(const std::string& text) {
    const DataMoments none;
    return parse_prior(text).declare({codes, store, 1, none, nullptr, {}})();
  }

  Tape tape;
  Recording recording{tape};
  ParameterStore store{DType::f64};
  PosteriorFamily family;
  CodeSpace codes;
  Var output;
  std::shared_ptr<const Posterior> q;
};

using Along = std::function<double(double t)>;

/// int q (log q - log p) dz by the trapezoidal rule over a function z of an unbounded t; log dz/dt is the last.
double divergence(const Along& log_q, const Along& log_p, const Along& log_width) {
  constexpr double end = 300, step = 0.02;
  double sum = 0;
  for (double t = -end; t <= end; t += step) {
    const double l = log_q(t), mass = std::exp(l + log_width(t)) * step;
    if (mass > 0) sum += mass * (l - log_p(t));
  }
  return sum;
}

/// Of x = exp(t).
Along gamma_density(double c, double rate) {
  return [=](double t) {
    return c * std::log(rate) + (c - 1) * t - rate * std::exp(t) - std::lgamma(c);
  };
}

/// log 1 / (1 + exp(-t)).
double log_logistic(double t) { return std::fmin(t, 0.0) - std::log1p(std::exp(-std::fabs(t))); }

/// Of x = 1 / (1 + exp(-t)).
Along beta_density(double a, double b) {
  const double constant = std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b);
  return
      [=](double t) { return (a - 1) * log_logistic(t) + (b - 1) * log_logistic(-t) + constant; };
}

double of_shares(double t) { return log_logistic(t) + log_logistic(-t); }

double log_von_mises_density(double x, double mean, double kappa) {
  return kappa * std::cos(x - mean) - std::log(2 * pi * std::cyl_bessel_i(0.0, kappa));
}

}  // namespace

TEST_CASE("implicit posteriors: KL from the prior of the same family is that of quadrature") {
  for (const double r : {-1.5, 0.0, 1.3}) {
    for (const double s : {-0.8, 0.4}) {
      CAPTURE(r, s);
      const double c = 0.1 + positive(r), rate = 1e-4 + positive(s);
      Recorded gamma("gamma", {r, s}, 1);
      const double of_gamma =
          divergence(gamma_density(c, rate), gamma_density(2, 0.5), [](double t) { return t; });
      CHECK(gamma.prior("gamma:2:0.5")->kl(*gamma.q)->item() ==
            Approx(of_gamma).epsilon(1e-9).margin(1e-10));

      const double a = 0.5 + positive(r), b = 0.5 + positive(s);
      Recorded beta("beta", {r, s}, 1);
      const double of_beta = divergence(beta_density(a, b), beta_density(2, 3), of_shares);
      CHECK(beta.prior("beta:2:3")->kl(*beta.q)->item() ==
            Approx(of_beta).epsilon(1e-9).margin(1e-10));

      // Of two proportions, the first of which is a beta variable.
      const double c0 = 0.1 + positive(r), c1 = 0.1 + positive(s);
      Recorded dirichlet("dirichlet", {r, s}, 2);
      const double of_dirichlet =
          divergence(beta_density(c0, c1), beta_density(0.7, 0.7), of_shares);
      CHECK(dirichlet.prior("dirichlet:0.7")->kl(*dirichlet.q)->item() ==
            Approx(of_dirichlet).epsilon(1e-9).margin(1e-10));

      const double kappa = 1e-3 + positive(s);
      Recorded circle("von_mises", {r, s}, 1);
      for (const auto& [text, own] : {std::pair{"von_mises", 0.0}, std::pair{"von_mises:2", 2.0}}) {
        double sum = 0;
        const int n = 2000;
        for (int i = 0; i < n; ++i) {
          const double x = 2 * pi * i / n, l = log_von_mises_density(x, r, kappa);
          sum += std::exp(l) * (l - log_von_mises_density(x, 0, own)) * 2 * pi / n;
        }
        CAPTURE(text);
        CHECK(circle.prior(text)->kl(*circle.q)->item() ==
              Approx(sum).epsilon(1e-10).margin(1e-11));
      }
    }
  }
}

TEST_CASE("implicit posteriors: div by samples agrees with the closed form within 4.5 errors") {
  const std::int64_t n = 40000;
  const std::vector<std::pair<const char*, const char*>> pairs{{"gamma", "gamma:1.5:2"},
                                                               {"beta", "beta:2:1.5"},
                                                               {"dirichlet", "dirichlet:2"},
                                                               {"von_mises", "von_mises:0.5"}};
  for (const auto& [posterior, prior] : pairs) {
    CAPTURE(posterior);
    const std::int64_t width = std::string(posterior) == "dirichlet" ? 3 : 6;
    Recorded m(posterior, std::vector<double>{0.3, -0.6, 1.1, 0.2, 0.9, -0.4},
               6 / (width == 3 ? 1 : 2));
    const Tensor noise({n, 1, m.codes.dimensions()}, DType::f64);
    fill_noise(m.codes, noise, {.stream = {11, StreamId::user}});
    const PosteriorSample sample = m.q->draw(m.tape.leaf(noise));
    const auto p0 = m.prior(prior);
    const std::vector<double> each = (sample.log_prob - p0->log_prob(sample.z)).value().values();
    double mean = 0, square = 0;
    for (const double x : each) mean += x / double(n), square += x * x / double(n);
    const double error = std::sqrt((square - mean * mean) / double(n));
    const double z = (mean - p0->kl(*m.q)->item()) / error;
    INFO("z " << z);
    CHECK(std::fabs(z) < 4.5);
    CHECK(m.q->entropy().value().size() == 1);
  }
}

namespace {

/// sum of the mean over samples of f(z), and its derivative by the encoder's numbers.
struct Estimate {
  std::vector<double> mean, error;  // of the derivative by each number
};

/// By batches of samples, whose means give the error.
Estimate gradient_of_mean(const std::string& posterior, const std::vector<double>& numbers,
                          std::int64_t latent, const std::function<Var(Var z)>& f) {
  constexpr int batches = 50;
  constexpr std::int64_t samples = 2000;
  Estimate all;
  all.mean.resize(numbers.size());
  std::vector<double> square(numbers.size());
  for (int i = 0; i < batches; ++i) {
    Recorded m(posterior, numbers, latent);
    const Tensor noise({samples, 1, m.codes.dimensions()}, DType::f64);
    fill_noise(m.codes, noise, {.stream = {23, StreamId::user}, .step = std::uint64_t(i)});
    m.tape.backward(mean(f(m.q->draw(m.tape.leaf(noise)).z)));
    const std::vector<double> gradient = m.tape.adjoint(m.output).values();
    for (std::size_t k = 0; k < numbers.size(); ++k) {
      all.mean[k] += gradient[k] / batches;
      square[k] += gradient[k] * gradient[k] / batches;
    }
  }
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    all.error.push_back(
        std::sqrt(std::max(square[k] - all.mean[k] * all.mean[k], 0.0) / (batches - 1)));
  }
  return all;
}

/// Central differences of E f.
std::vector<double> differences(const std::function<double(const std::vector<double>&)>& expected,
                                const std::vector<double>& at) {
  std::vector<double> all;
  for (std::size_t k = 0; k < at.size(); ++k) {
    std::vector<double> up = at, down = at;
    up[k] += 1e-5;
    down[k] -= 1e-5;
    all.push_back((expected(up) - expected(down)) / 2e-5);
  }
  return all;
}

}  // namespace

TEST_CASE("implicit posteriors: gradients of means are the derivatives of the closed forms") {
  struct Subject {
    const char* posterior;
    std::vector<double> numbers;
    std::int64_t latent;
    std::function<Var(Var)> f;
    std::function<double(const std::vector<double>&)> expected;
  };
  const auto first = [](Var z) { return slice(z, -1, 0, 1); };
  const std::vector<Subject> all{
      // E z^2 = c (c + 1) / rate^2
      {"gamma",
       {-0.7, 0.3},
       1,
       [](Var z) { return square(z); },
       [](const std::vector<double>& r) {
         const double c = 0.1 + positive(r[0]), rate = 1e-4 + positive(r[1]);
         return c * (c + 1) / (rate * rate);
       }},
      // E z^2 = a (a + 1) / (a + b) (a + b + 1)
      {"beta",
       {0.4, -0.9},
       1,
       [](Var z) { return square(z); },
       [](const std::vector<double>& r) {
         const double a = 0.5 + positive(r[0]), n = a + 0.5 + positive(r[1]);
         return a * (a + 1) / (n * (n + 1));
       }},
      // E x_0^2 = c_0 (c_0 + 1) / c (c + 1)
      {"dirichlet",
       {0.4, -0.9, 0.1},
       3,
       [&](Var z) { return square(first(z)); },
       [](const std::vector<double>& r) {
         const double c0 = 0.1 + positive(r[0]);
         const double c = c0 + 0.2 + positive(r[1]) + positive(r[2]);
         return c0 * (c0 + 1) / (c * (c + 1));
       }},
      // E cos z = I_1 / I_0 cos m
      {"von_mises",
       {0.8, 0.5},
       1,
       [&](Var z) { return first(z); },
       [](const std::vector<double>& r) {
         const double kappa = 1e-3 + positive(r[1]);
         return std::cyl_bessel_i(1.0, kappa) / std::cyl_bessel_i(0.0, kappa) * std::cos(r[0]);
       }},
      // E |z - m| = 2 s sqrt(nu) Gamma((nu + 1) / 2) / Gamma(nu / 2) (nu - 1) sqrt(pi)
      {"student",
       {0.3, -0.2, 0.7},
       1,
       [](Var z) { return abs(z - 0.3); },
       [](const std::vector<double>& r) {
         const double nu = 2.1 + positive(r[2]);
         const double shift = r[0] - 0.3;  // to first order it does not matter, by symmetry
         return shift * shift + 2 * std::exp(r[1]) * std::sqrt(nu) *
                                    std::exp(std::lgamma((nu + 1) / 2) - std::lgamma(nu / 2)) /
                                    ((nu - 1) * std::sqrt(pi));
       }}};
  for (const Subject& subject : all) {
    CAPTURE(subject.posterior);
    const Estimate found =
        gradient_of_mean(subject.posterior, subject.numbers, subject.latent, subject.f);
    const std::vector<double> expected = differences(subject.expected, subject.numbers);
    for (std::size_t k = 0; k < expected.size(); ++k) {
      const double z = (found.mean[k] - expected[k]) / found.error[k];
      INFO("number " << k << ": " << found.mean[k] << " and " << expected[k] << ", z " << z);
      CHECK(std::fabs(z) < 4.2);  // 12 of them: a false alarm in 3,000 seeds
    }
  }
}

TEST_CASE("implicit posteriors: priors of another support are refused with those that fit") {
  const auto why = [](const char* posterior, const char* prior) {
    const PosteriorFamily family = parse_posterior(posterior);
    return unfit(parse_prior(prior), family, family.codes(2));
  };
  CHECK(why("gamma", "gamma").empty());
  CHECK(why("student", "normal").empty());
  CHECK(why("student", "student:3").empty());
  CHECK(why("diagonal", "student").empty());
  CHECK(why("gamma", "normal") ==
        "'normal' is a density of real codes, and here they are positive; choose the prior "
        "gamma");
  CHECK(why("beta", "gamma").ends_with("here they are between 0 and 1; choose the prior beta"));
  CHECK(why("dirichlet", "beta").ends_with("choose the prior dirichlet"));
  CHECK(why("von_mises", "laplace").ends_with("choose the prior von_mises"));
  CHECK(why("diagonal", "gamma").find("choose the prior normal, laplace, student") !=
        std::string::npos);
  CHECK(why("bernoulli", "beta").ends_with("choose the prior uniform or bernoulli"));
  CHECK_THROWS_WITH(parse_prior("gamma:1"), contains("takes two numbers with a colon"));
  CHECK_THROWS_WITH(parse_prior("gamma:1:0"), contains("from 0.001 to 1e6"));
  CHECK_THROWS_WITH(parse_prior("beta:1:2:3"), contains("takes two numbers"));
  CHECK_THROWS_WITH(parse_prior("student:"), contains("takes a number"));
  CHECK_THROWS_WITH(parse_posterior("dirichlet").codes(1), contains("2 or more"));
  for (const char* text : {"gamma", "beta", "dirichlet", "von_mises"}) {
    CHECK(simplest_prior(parse_posterior(text).codes(3)).text == text);
  }
  CHECK(simplest_prior(parse_posterior("student").codes(3)).text == "normal");
}

TEST_CASE(
    "implicit priors: samples have the distribution functions, and marginals integrate to 1") {
  // P(Z <= z) of each first number at z.
  struct Subject {
    const char *posterior, *prior;
    std::int64_t latent;
    std::function<double(double)> cdf;
  };
  const std::vector<Subject> all{
      {"gamma", "gamma:2:1.5", 2, [](double z) { return 1 - (1 + 1.5 * z) * std::exp(-1.5 * z); }},
      {"beta", "beta:2:1", 2, [](double z) { return z * z; }},
      {"dirichlet", "dirichlet:1", 3, [](double z) { return 1 - (1 - z) * (1 - z); }},
      {"von_mises", "von_mises", 2, [](double c) { return 1 - std::acos(c) / pi; }},
      {"student", "student:1", 2, [](double t) { return 0.5 + std::atan(t) / pi; }}};
  for (const Subject& subject : all) {
    CAPTURE(subject.prior);
    Recorded m(subject.posterior, std::vector<double>(6, 0.1), subject.latent);
    const auto prior = m.prior(subject.prior);
    const std::int64_t n = 20000;
    const Tensor noise({1, n, prior->noise_dimensions()}, DType::f64);
    fill_noise(Noise::normal, noise, {.stream = {31, StreamId::user}});
    const Var z = prior->sample(m.tape.leaf(noise));
    CHECK_FALSE(m.tape.differentiable(z));
    const std::vector<double> values = slice(z, -1, 0, 1).value().contiguous().values();
    CHECK(kolmogorov_smirnov(values, subject.cdf) < 1.95);
    const Var marginals = prior->marginal_log_prob(z);
    CHECK(marginals.shape()[-1] == m.codes.variables);
    if (!prior->factorised()) continue;
    const std::vector<double> joint = prior->log_prob(z).value().values(),
                              parts = sum(marginals, -1).value().values();
    for (std::size_t i = 0; i < 100; ++i) CHECK(parts[i] == Approx(joint[i]).epsilon(1e-12));
  }
}
