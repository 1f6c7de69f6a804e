// The learned Bernoulli prior against sums over all codes in plain double, and the toy E f(b) of bits.
#include <cmath>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/random.hpp"
#include "models/priors/bernoulli_prior.hpp"
#include "models/worlds/bernoulli_toy.hpp"
#include "tests/models/prior_subjects.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

/// log of the probability that a bit of this logit is `bit`.
double log_bit(double logit, int bit) { return std::log(sigmoid_of(bit ? logit : -logit)); }

/// All codes of 2 bits, [1, 4, 2].
Tensor all_codes() { return Tensor::of({0, 0, 0, 1, 1, 0, 1, 1}, {1, 4, 2}, DType::f64); }

}  // namespace

TEST_CASE("prior bernoulli: densities, marginals and divergence are sums over all codes") {
  const PriorSubject m("bernoulli", "bernoulli");
  const Numbers logits = m.store.tensor("prior.logits").values();
  REQUIRE(logits.size() == 2);
  Tape tape;
  const Recording recording(tape);
  const auto prior = m.vae->prior();
  CHECK(prior->factorised());
  const Var z = tape.leaf(all_codes());
  const Tensor joint = prior->log_prob(z).value(), each = prior->marginal_log_prob(z).value();
  double total = 0;
  for (int c = 0; c < 4; ++c) {
    const double expected = log_bit(logits[0], c / 2) + log_bit(logits[1], c % 2);
    CHECK(joint.at({0, c}) == Approx(expected).epsilon(1e-13));
    CHECK(each.at({0, c, 0}) == Approx(log_bit(logits[0], c / 2)).epsilon(1e-13));
    CHECK(each.at({0, c, 1}) == Approx(log_bit(logits[1], c % 2)).epsilon(1e-13));
    total += std::exp(joint.at({0, c}));
  }
  CHECK(total == Approx(1).epsilon(1e-13));

  const auto q = m.vae->posterior(tape.leaf(numbers({3, 6}, 4, 1)));
  const std::optional<Var> kl = prior->kl(*q);
  REQUIRE(kl.has_value());
  const Tensor p = q->expectation().value();
  for (std::int64_t n = 0; n < 3; ++n) {
    double expected = 0;
    for (std::int64_t l = 0; l < 2; ++l) {
      const double one = p.at({n, l});
      expected += one * (std::log(one) - log_bit(logits[std::size_t(l)], 1)) +
                  (1 - one) * (std::log1p(-one) - log_bit(logits[std::size_t(l)], 0));
    }
    CHECK(kl->value().at({n}) == Approx(expected).epsilon(1e-12));
  }
}

TEST_CASE("prior bernoulli: samples have its probabilities") {
  const PriorSubject m("bernoulli", "bernoulli");
  const Numbers logits = m.store.tensor("prior.logits").values();
  constexpr std::int64_t n = 40000;
  Tape tape;
  const Recording recording(tape);
  const auto prior = m.vae->prior();
  REQUIRE(prior->noise_dimensions() == 4);
  Tensor noise({1, n, 4}, DType::f64);
  fill_normal(noise.data_as<double>(),
              {.stream = {17, StreamId::user}, .batch = n, .dimensions = 4});
  const Tensor z = prior->sample(tape.leaf(noise)).value();
  for (std::int64_t l = 0; l < 2; ++l) {
    double ones = 0;
    for (std::int64_t i = 0; i < n; ++i) ones += z.at({0, i, l});
    const double p = sigmoid_of(logits[std::size_t(l)]);
    const double score = (ones / double(n) - p) / std::sqrt(p * (1 - p) / double(n));
    CAPTURE(l, p, score);
    CHECK(std::fabs(score) < 4);
  }
}

TEST_CASE("prior bernoulli: starts as the uniform one, and is of binary codes alone") {
  VaeConfig config;
  config.example = {6};
  config.latent = 2;
  config.hidden = {5};
  config.posterior = parse_posterior("bernoulli");
  config.prior = parse_prior("bernoulli");
  const DataMoments moments{Tensor::full({6}, 0.3), Tensor::full({6}, 0.2)};
  ParameterStore store(DType::f64);
  const Vae vae(config, moments, store);
  store.freeze(1);
  Tape tape;
  const Recording recording(tape);
  const Tensor joint = vae.prior()->log_prob(tape.leaf(all_codes())).value();
  for (const double log_p : joint.values()) CHECK(log_p == Approx(-2 * std::log(2)));
  for (const char* posterior : {"diagonal", "categorical:3"}) {
    const CodeSpace codes = parse_posterior(posterior).codes(2);
    CHECK_THAT(parse_prior("bernoulli").unfit(codes), contains("is over binary codes"));
  }
}

TEST_CASE("Bernoulli toy: log-weights are f, and its gradient is that of E f") {
  const std::vector<double> targets{0.45, 0.7};
  for (const double logit : {0.0, 0.8, -2.5}) {
    ParameterStore store(DType::f64);
    const BernoulliToy toy(store, targets, logit);
    store.freeze(1);
    Tape tape;
    const Recording recording(tape);
    const Batch batch(tape.leaf(toy.x()));
    const auto q = toy.posterior(batch);
    const auto f = [&](int code) {
      const double b0 = code / 2, b1 = code % 2;
      return std::pow(b0 - targets[0], 2) + std::pow(b1 - targets[1], 2);
    };
    for (int code = 0; code < 4; ++code) {
      const Var z =
          tape.leaf(Tensor::of({double(code / 2), double(code % 2)}, {1, 1, 2}, DType::f64));
      const double weight =
          toy.log_joint(z, batch).value().at({0, 0}) - q->log_prob(z).value().at({0, 0});
      CHECK(weight == Approx(f(code)).epsilon(1e-12));
    }
    for (std::size_t l = 0; l < 2; ++l) {
      const auto mean = [&](double at) {  // of f over the bit l alone
        const double p = sigmoid_of(at), t = targets[l];
        return p * (1 - t) * (1 - t) + (1 - p) * t * t;
      };
      const double h = 1e-5;
      CHECK(toy.gradient(l) == Approx((mean(logit + h) - mean(logit - h)) / (2 * h)).epsilon(1e-7));
    }
  }
  ParameterStore store;
  CHECK_THROWS_WITH(BernoulliToy(store, {}, 0), contains("one target or more"));
}
