// Bernoulli and one-hot categorical posteriors and their uniform prior: against enumeration of all
// codes, the frequencies of samples, relaxed samples against differences and known distributions.
#include "models/posteriors/posterior.hpp"

#include <array>

#include "autodiff/error.hpp"
#include "models/posteriors/posterior_family.hpp"
#include "models/priors/prior_family.hpp"
#include "models/priors/uniform_prior.hpp"
#include "tests/models/support.hpp"

using namespace nelbo;
using namespace nelbo::tests;

static_assert(!Reparameterized<Bernoulli> && !Reparameterized<OneHotCategorical>);
static_assert(Reparameterized<Normal>);

namespace {

using Kind = CodeSpace::Kind;
using Numbers = std::vector<double>;

constexpr std::int64_t B = 2, L = 3, K = 4;

/// A family with parameters of B data.
struct Subject {
  CodeSpace codes;
  Tensor logits;  // [B, L] or [B, L, K]

  std::int64_t dimensions() const { return codes.dimensions(); }
  std::shared_ptr<const Posterior> posterior(Var parameters) const {
    if (codes.kind == Kind::binary) return posterior_of(Bernoulli{parameters});
    return posterior_of(OneHotCategorical{parameters});
  }
  Var relaxed(Var parameters, Var noise, Var temperature) const {
    if (codes.kind == Kind::binary) {
      return Bernoulli{parameters}.relaxed_sample(noise, temperature);
    }
    return OneHotCategorical{parameters}.relaxed_sample(noise, temperature);
  }
  /// P(variable l of datum b has value v) in plain double.
  double probability(std::int64_t b, std::int64_t l, std::int64_t v) const {
    if (codes.kind == Kind::binary) {
      const double p = 1 / (1 + std::exp(-logits.at({b, l})));
      return v == 1 ? p : 1 - p;
    }
    double total = 0;
    for (std::int64_t k = 0; k < K; ++k) total += std::exp(logits.at({b, l, k}));
    return std::exp(logits.at({b, l, v})) / total;
  }
  /// All codes, as the values of their L variables.
  std::vector<std::array<std::int64_t, L>> all_values() const {
    std::vector<std::array<std::int64_t, L>> all;
    const std::int64_t n = codes.values();
    for (std::int64_t i = 0; i < n * n * n; ++i) all.push_back({i / n / n, i / n % n, i % n});
    return all;
  }
  /// The same as codes [N, 1, D], which broadcast over the data.
  Tensor all_codes() const {
    const auto values = all_values();
    Tensor z({std::int64_t(values.size()), B, dimensions()}, DType::f64);
    for (std::int64_t i = 0; i < z.shape()[0]; ++i) {
      for (std::int64_t b = 0; b < B; ++b) {
        for (std::int64_t l = 0; l < L; ++l) {
          const std::int64_t v = values[std::size_t(i)][std::size_t(l)];
          if (codes.kind == Kind::binary) z.set({i, b, l}, double(v));
          if (codes.kind == Kind::one_hot) z.set({i, b, l * K + v}, 1);
        }
      }
    }
    return z;
  }
};

std::vector<Subject> subjects() {
  return {{{Kind::binary, L}, Tensor::of({0.7, -1.1, 0.2, 1.6, 0.0, -3.0}, {B, L}, DType::f64)},
          {{Kind::one_hot, L, K},
           Tensor::of({0.3,  -0.7, 1.2, 0.1, -2.0, 0.4, 0.0, 0.9, 1.5, -0.3, 0.2, -1.0,
                       0.25, 0.5,  1.0, 2.0, 0.7,  0.6, 0.8, 0.1, 3.0, -1.0, 0.5, 0.45},
                      {B, L, K}, DType::f64)}};
}

/// A smooth function of all elements, each with a weight of its own.
Var weighted_squares(Var x) {
  Tensor weights(x.shape(), x.dtype());
  for (std::int64_t i = 0; i < weights.size(); ++i) {
    weights.data_as<double>()[i] = std::sin(1.0 + 2.0 * double(i));
  }
  return sum(square(x) * Tape::current().leaf(weights));
}

}  // namespace

TEST_CASE("discrete posteriors: log-probability, entropy and divergence against enumeration") {
  for (const Subject& s : subjects()) {
    INFO(s.codes.text());
    Tape tape;
    Recording recording(tape);
    const auto q = s.posterior(tape.leaf(s.logits));
    const UniformPrior prior(s.codes);
    const Var z = tape.leaf(s.all_codes());
    const Tensor log_q = q->log_prob(z).value(), log_p = prior.log_prob(z).value();
    const Tensor marginals = prior.marginal_log_prob(z).value();
    const auto values = s.all_values();
    const double log_values = std::log(double(s.codes.values()));
    REQUIRE(log_q.shape() == Shape{std::int64_t(values.size()), B});
    REQUIRE(log_p.shape() == log_q.shape());
    REQUIRE(marginals.shape() == Shape{std::int64_t(values.size()), B, L});
    for (std::int64_t b = 0; b < B; ++b) {
      double total = 0, entropy = 0, kl = 0, prior_total = 0;
      for (std::int64_t i = 0; i < log_q.shape()[0]; ++i) {
        double p = 1;
        for (std::int64_t l = 0; l < L; ++l) {
          p *= s.probability(b, l, values[std::size_t(i)][std::size_t(l)]);
          CHECK(marginals.at({i, b, l}) == Approx(-log_values).epsilon(1e-14));
        }
        CHECK(log_q.at({i, b}) == Approx(std::log(p)).epsilon(1e-13));
        total += std::exp(log_q.at({i, b}));
        prior_total += std::exp(log_p.at({i, b}));
        entropy -= p * std::log(p);
        kl += p * (std::log(p) - log_p.at({i, b}));
      }
      CHECK(total == Approx(1).epsilon(1e-13));
      CHECK(prior_total == Approx(1).epsilon(1e-13));
      CHECK(q->entropy().value().at({b}) == Approx(entropy).epsilon(1e-13));
      CHECK(prior.kl(*q)->value().at({b}) == Approx(kl).epsilon(1e-12));
      CHECK(prior.prior_factorisation(*q)->value().at({b}) == 0);
    }
    const Tensor mean = q->expectation().value(), mode = q->mode().value();
    REQUIRE(mean.shape() == Shape{B, s.dimensions()});
    for (std::int64_t b = 0; b < B; ++b) {
      for (std::int64_t l = 0; l < L; ++l) {
        std::int64_t best = 0;
        for (std::int64_t v = 1; v < s.codes.values(); ++v) {
          if (s.probability(b, l, v) > s.probability(b, l, best)) best = v;
        }
        for (std::int64_t k = 0; k < s.codes.width(); ++k) {
          const bool one_hot = s.codes.kind == Kind::one_hot;
          const std::int64_t d = l * s.codes.width() + k;
          CHECK(mean.at({b, d}) == Approx(s.probability(b, l, one_hot ? k : 1)).epsilon(1e-14));
          CHECK(mode.at({b, d}) == double(one_hot ? k == best : best));
        }
      }
    }
    CHECK_THROWS_WITH(prior.log_prob(tape.leaf({1, B, 2}, DType::f64)), contains("prior uniform"));
  }
}

TEST_CASE("discrete posteriors: gradients of log-probability and divergence") {
  for (const Subject& s : subjects()) {
    INFO(s.codes.text());
    check_gradient(
        [&](const std::vector<Var>& p) {
          const auto q = s.posterior(p[0]);
          const UniformPrior prior(s.codes);
          return weighted_squares(q->log_prob(Tape::current().leaf(s.all_codes()))) +
                 weighted_squares(prior.kl(*q).value());
        },
        {s.logits}, 1e-6);
  }
}

TEST_CASE("discrete posteriors: every code is sampled as often as it is probable") {
  constexpr std::int64_t n = 100000;
  for (const Subject& s : subjects()) {
    for (const DType dtype : {DType::f32, DType::f64}) {
      Tape tape;
      Recording recording(tape);
      const auto q = s.posterior(tape.leaf(s.logits.cast(dtype), true));
      const PosteriorSample drawn = q->draw(tape.leaf(uniform({n, B, s.dimensions()}, 8, dtype)));
      CHECK_FALSE(tape.differentiable(drawn.z));
      CHECK(tape.differentiable(drawn.log_prob));
      REQUIRE(drawn.log_prob.shape() == Shape{n, B});
      const std::vector<double> z = drawn.z.value().values();
      const auto values = s.all_values();
      const std::int64_t count = s.codes.values(), w = s.codes.width();
      for (std::int64_t b = 0; b < B; ++b) {
        std::vector<double> hits(values.size(), 0);
        for (std::int64_t i = 0; i < n; ++i) {
          std::int64_t code = 0;
          for (std::int64_t l = 0; l < L; ++l) {
            const double* row = &z[std::size_t(((i * B + b) * L + l) * w)];
            std::int64_t value = std::int64_t(row[0]), ones = 0;
            for (std::int64_t k = 0; w > 1 && k < w; ++k) {
              if (row[k] == 1) value = k, ++ones;
              if (row[k] != 0 && row[k] != 1) ones += 2;
            }
            if (w > 1 && ones != 1) FAIL("no one-hot row");
            if (w == 1 && row[0] != 0 && row[0] != 1) FAIL("neither 0 nor 1");
            code = code * count + value;
          }
          ++hits[std::size_t(code)];
        }
        for (std::size_t c = 0; c < values.size(); ++c) {
          double p = 1;
          for (std::int64_t l = 0; l < L; ++l) p *= s.probability(b, l, values[c][std::size_t(l)]);
          const double score = (hits[c] - double(n) * p) / std::sqrt(double(n) * p * (1 - p));
          INFO(s.codes.text() << ", datum " << b << ", code " << c << ": z = " << score);
          CHECK(std::fabs(score) < 4.5);  // of 144 numbers and their repetitions
        }
      }
    }
  }
}

TEST_CASE("discrete posteriors: the hard sample is where the relaxed one of its noise is largest") {
  constexpr std::int64_t n = 2000;
  for (const Subject& s : subjects()) {
    for (const DType dtype : {DType::f32, DType::f64}) {
      for (const double temperature : {0.1, 0.5, 1.0, 3.0}) {
        INFO(s.codes.text() << ", temperature " << temperature);
        Tape tape;
        Recording recording(tape);
        const Var logits = tape.leaf(s.logits.cast(dtype));
        const Var noise = tape.leaf(uniform({n, B, s.dimensions()}, 3, dtype));
        const Tensor soft = s.relaxed(logits, noise, tape.constant(temperature, dtype)).value();
        const Tensor hard = s.posterior(logits)->draw(noise).z.value();
        REQUIRE(soft.shape() == hard.shape());
        const std::vector<double> x = soft.values(), z = hard.values();
        const std::size_t w = std::size_t(s.codes.width());
        std::size_t different = 0;
        double sums = 0;
        for (std::size_t i = 0; i < x.size(); i += w) {
          if (w == 1) {
            different += (x[i] > 0.5) != (z[i] == 1);
            continue;
          }
          const auto row = x.begin() + std::ptrdiff_t(i);
          different +=
              z[i + std::size_t(std::max_element(row, row + std::ptrdiff_t(w)) - row)] != 1;
          double total = 0;
          for (std::size_t k = 0; k < w; ++k) total += x[i + k];
          sums = std::max(sums, std::fabs(total - 1));
        }
        CHECK(different == 0);
        CHECK(sums < 1e-6);
      }
    }
  }
}

TEST_CASE("discrete posteriors: relaxed samples tend to the hard ones as the temperature falls") {
  for (const Subject& s : subjects()) {
    Tape tape;
    Recording recording(tape);
    const Var logits = tape.leaf(s.logits), noise = tape.leaf(uniform({500, B, s.dimensions()}, 5));
    const Var hard = s.posterior(logits)->draw(noise).z;
    double before = 1;
    for (const double temperature : {1.0, 0.1, 0.01, 0.001}) {
      const Var soft = s.relaxed(logits, noise, tape.constant(temperature, DType::f64));
      const double distance = mean(abs(soft - hard)).item();
      INFO(s.codes.text() << ", temperature " << temperature << ": " << distance);
      CHECK(distance < 0.5 * before);
      before = distance;
    }
    CHECK(before < 1e-3);
  }
}

TEST_CASE("discrete posteriors: gradients of relaxed samples agree with differences") {
  for (const Subject& s : subjects()) {
    INFO(s.codes.text());
    const Tensor noise = uniform({3, B, s.dimensions()}, 21);
    for (const double temperature : {0.5, 2.0}) {
      check_gradient(
          [&](const std::vector<Var>& p) {
            return weighted_squares(s.relaxed(p[0], Tape::current().leaf(noise), p[1]));
          },
          {s.logits, Tensor::full({}, temperature, DType::f64)}, 1e-6);
    }
  }
}

TEST_CASE("discrete posteriors: relaxed samples have the concrete distribution") {
  // P(sigmoid((l + logistic) / T) <= x) = sigmoid(T logit(x) - l); of two classes, l is the
  // difference of their logits. Maddison, Mnih and Teh (2017), appendix C.
  constexpr std::int64_t n = 20000;
  const double logit = 0.7, temperature = 0.6;
  const auto cdf = [&](double x) {
    return 1 / (1 + std::exp(logit - temperature * std::log(x / (1 - x))));
  };
  Tape tape;
  Recording recording(tape);
  const Var t = tape.constant(temperature, DType::f64);
  const Var one = tape.leaf(Tensor::of({logit}, {1, 1}, DType::f64));
  const Var two = tape.leaf(Tensor::of({logit + 0.4, 0.4}, {1, 1, 2}, DType::f64));
  const double binary = kolmogorov_smirnov(
      Bernoulli{one}.relaxed_sample(tape.leaf(uniform({n, 1, 1}, 31)), t).value().values(), cdf);
  CHECK(binary < 1.95);
  const Var rows = OneHotCategorical{two}.relaxed_sample(tape.leaf(uniform({n, 1, 2}, 32)), t);
  CHECK(kolmogorov_smirnov(slice(rows, -1, 0, 1).value().values(), cdf) < 1.95);
}

TEST_CASE("discrete posteriors: no gradient passes through samples, and asking for it says so") {
  for (const Subject& s : subjects()) {
    Tape tape;
    Recording recording(tape);
    const Var logits = tape.leaf(s.logits, true);
    const auto q = s.posterior(logits);
    const Var noise = tape.leaf(uniform({4, B, s.dimensions()}, 2));
    CHECK_FALSE(q->has_rsample());
    const std::string family = q->family();
    CHECK_FALSE(tape.differentiable(q->draw(noise).z));
    CHECK_THAT(no_rsample(family),
               contains("a " + family + " posterior has no reparameterised samples") &&
                   contains("estimator that needs none (score"));
    CHECK_THROWS_WITH(q->diagonal("hagg"), contains("hagg needs a normal posterior") &&
                                               contains(family) &&
                                               contains("the posterior diagonal"));
    // log_prob of a draw moves the parameters as that of a fixed code does.
    const PosteriorSample drawn = q->draw(noise);
    tape.backward(sum(drawn.log_prob));
    const std::vector<double> live = tape.adjoint(logits).values();
    tape.backward(sum(q->log_prob(tape.leaf(drawn.z.value()))));
    CHECK(live == tape.adjoint(logits).values());
  }
  Tape tape;
  Recording recording(tape);
  const OneHotCategorical q{tape.leaf({2, 3, 4})};
  CHECK_THROWS_WITH(q.log_prob(tape.leaf({2, 11})), contains("[2, 11]") && contains("12 numbers"));
  CHECK_THROWS_WITH(OneHotCategorical{tape.leaf({4})}.sample(tape.leaf({4})),
                    contains("[.., D, K]"));
}

TEST_CASE("discrete posteriors: a uniform prior's samples are uniform") {
  constexpr std::int64_t n = 40000;
  for (const Subject& s : subjects()) {
    Tape tape;
    Recording recording(tape);
    const UniformPrior prior(s.codes);
    REQUIRE(prior.noise_dimensions() == s.dimensions());
    const Var noise = tape.leaf({n, 1, s.dimensions()}, DType::f64);
    fill_noise(Noise::normal, tape.data(noise), {.stream = {6, StreamId::user}});
    const Tensor mean = nelbo::mean(prior.sample(noise), {0, 1}).value();
    const double p = 1 / double(s.codes.values());
    for (const double frequency : mean.values()) {
      const double score = (frequency - p) / std::sqrt(p * (1 - p) / double(n));
      INFO(s.codes.text() << ": z = " << score);
      CHECK(std::fabs(score) < 4);
    }
    const double ones = sum(prior.sample(noise)).item();
    if (s.codes.width() > 1) CHECK(ones == double(n * L));
  }
}

// Configuration and the autoencoder ---------------------------------------------------------------

TEST_CASE("discrete posteriors: names are read back and mended") {
  for (const char* text : {"diagonal", "full", "bernoulli", "categorical:2", "categorical:4096"}) {
    CHECK(parse_posterior(text).text == text);
  }
  const auto codes = [](const char* text) { return parse_posterior(text).codes(L); };
  CHECK(codes("categorical:7").values() == 7);
  CHECK(codes("bernoulli").values() == 2);
  CHECK(codes("full").values() == 0);
  CHECK_THROWS_WITH(parse_posterior("ful"),
                    contains("posterior 'ful' is unknown") && contains("did you mean 'full'?"));
  CHECK_THROWS_WITH(parse_posterior("normal"), contains("diagonal, full, bernoulli, categorical"));
  for (const char* text : {"categorical", "categorical:1", "categorical:4097", "categorical:x",
                           "categorical:3x", "categorical:-3"}) {
    CHECK_THROWS_WITH(parse_posterior(text), contains("must be 2 to 4096"));
  }
  CHECK(parse_prior("uniform").text == "uniform");
  CHECK(simplest_prior(codes("categorical:3")).text == "uniform");
  CHECK(simplest_prior(codes("full")).text == "normal");
  CHECK(parse_prior("uniform").unfit(codes("bernoulli")).empty());
  CHECK(parse_prior("vamp:3").unfit(codes("full")).empty());
  CHECK_THAT(parse_prior("normal").unfit(codes("categorical:3")),
             contains("'normal' is a density") && contains("one-hot:3") &&
                 contains("choose the prior uniform"));
  CHECK_THAT(parse_prior("uniform").unfit(codes("diagonal")),
             contains("'uniform' is over") && contains("continuous") &&
                 contains("posteriors bernoulli and categorical:K"));
}
