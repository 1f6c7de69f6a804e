// The learned categorical prior against sums over all codes in plain double, and what it learns of a world
// whose best marginal likelihood is known.
#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "autodiff/optimizer.hpp"
#include "autodiff/random.hpp"
#include "models/priors/categorical_prior.hpp"
#include "tests/models/prior_subjects.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

constexpr std::int64_t L = 2, K = 3;

/// log softmax of each row of [L, K].
std::vector<Numbers> log_probabilities(const Tensor& logits) {
  std::vector<Numbers> rows;
  for (std::int64_t l = 0; l < logits.shape()[0]; ++l) {
    Numbers row;
    double total = 0;
    for (std::int64_t k = 0; k < logits.shape()[1]; ++k) {
      row.push_back(logits.at({l, k}));
      total += std::exp(row.back());
    }
    for (double& log_p : row) log_p -= std::log(total);
    rows.push_back(row);
  }
  return rows;
}

/// Every code of L rows of K, [1, K^L, L K]: the first row counts slowest.
Tensor all_codes() {
  Tensor z({1, K * K, L * K}, DType::f64);
  for (std::int64_t c = 0; c < K * K; ++c) {
    z.set({0, c, c / K}, 1);
    z.set({0, c, K + c % K}, 1);
  }
  return z;
}

}  // namespace

TEST_CASE("prior categorical: densities, marginals and divergence are sums over all codes") {
  const PriorSubject m("categorical", "categorical:3");
  REQUIRE(m.store.tensor("prior.logits").shape() == Shape{L, K});
  const std::vector<Numbers> log_p = log_probabilities(m.store.tensor("prior.logits"));
  Tape tape;
  const Recording recording(tape);
  const auto prior = m.vae->prior();
  CHECK(prior->factorised());
  const Var z = tape.leaf(all_codes());
  const Tensor joint = prior->log_prob(z).value(), each = prior->marginal_log_prob(z).value();
  REQUIRE(each.shape() == Shape{1, K * K, L});
  double total = 0;
  for (std::int64_t c = 0; c < K * K; ++c) {
    const double first = log_p[0][std::size_t(c / K)], second = log_p[1][std::size_t(c % K)];
    CHECK(joint.at({0, c}) == Approx(first + second).epsilon(1e-13));
    CHECK(each.at({0, c, 0}) == Approx(first).epsilon(1e-13));
    CHECK(each.at({0, c, 1}) == Approx(second).epsilon(1e-13));
    total += std::exp(joint.at({0, c}));
  }
  CHECK(total == Approx(1).epsilon(1e-13));

  const auto q = m.vae->posterior(tape.leaf(numbers({3, 6}, 4, 1)));
  const std::optional<Var> kl = prior->kl(*q);
  REQUIRE(kl.has_value());
  CHECK(prior->prior_factorisation(*q)->value().at({1}) == 0);
  const Tensor p = q->expectation().value();
  for (std::int64_t n = 0; n < 3; ++n) {
    double expected = 0;
    for (std::int64_t c = 0; c < K * K; ++c) {
      const double q0 = p.at({n, c / K}), q1 = p.at({n, K + c % K});
      expected += q0 * q1 * (std::log(q0 * q1) - joint.at({0, c}));
    }
    CHECK(kl->value().at({n}) == Approx(expected).epsilon(1e-12));
  }
}

TEST_CASE("prior categorical: gradients of density and divergence are finite differences") {
  PriorSubject m("categorical", "categorical:3");
  const Tensor x = numbers({3, 6}, 4, 1);
  const auto value = [&](GradientSink* sink) {
    Tape tape;
    const Recording recording(tape);
    const auto prior = m.vae->prior();
    const Var codes = prior->log_prob(tape.leaf(all_codes()));
    const Var weights = tape.leaf(numbers(codes.shape(), 9, 1));
    const Var all = sum(codes * weights) + sum(*prior->kl(*m.vae->posterior(tape.leaf(x))));
    if (sink) tape.backward(all, all_groups, *sink);
    return all.item();
  };
  GradientSink sink(m.store);
  value(&sink);
  for (const char* group : {"psi", "phi"}) {
    const Range range = m.store.range(group);
    auto* const parameters = static_cast<double*>(m.store.data()) + range.offset;
    const double* const g = sink.buffer().data_as<double>() + range.offset;
    for (std::size_t j = 0; j < range.length; ++j) {
      const double before = parameters[j], step = 1e-5;
      parameters[j] = before + step;
      const double up = value(nullptr);
      parameters[j] = before - step;
      const double down = value(nullptr);
      parameters[j] = before;
      CHECK((up - down) / (2 * step) == Approx(g[j]).margin(2e-9).epsilon(1e-6));
    }
  }
}

TEST_CASE("prior categorical: samples have its probabilities") {
  const PriorSubject m("categorical", "categorical:3");
  const std::vector<Numbers> log_p = log_probabilities(m.store.tensor("prior.logits"));
  constexpr std::int64_t n = 40000;
  Tape tape;
  const Recording recording(tape);
  const auto prior = m.vae->prior();
  REQUIRE(prior->noise_dimensions() == 2 * L * K);
  Tensor noise({1, n, 2 * L * K}, DType::f64);
  fill_normal(noise.data_as<double>(),
              {.stream = {17, StreamId::user}, .batch = n, .dimensions = 2 * L * K});
  const Tensor z = prior->sample(tape.leaf(noise)).value();
  double both = 0;
  for (std::int64_t i = 0; i < n; ++i) both += z.at({0, i, 0}) * z.at({0, i, K + 1});
  const auto check = [](double count, double p) {
    const double score = (count / double(n) - p) / std::sqrt(p * (1 - p) / double(n));
    CAPTURE(p, score);
    CHECK(std::fabs(score) < 4);
  };
  for (std::int64_t d = 0; d < L * K; ++d) {
    double ones = 0;
    for (std::int64_t i = 0; i < n; ++i) ones += z.at({0, i, d});
    check(ones, std::exp(log_p[std::size_t(d / K)][std::size_t(d % K)]));
  }
  check(both, std::exp(log_p[0][0] + log_p[1][1]));  // rows are independent
}

TEST_CASE("prior categorical: starts as the uniform one, and is of one-hot codes alone") {
  VaeConfig config;
  config.example = {6};
  config.latent = L;
  config.hidden = {5};
  config.posterior = parse_posterior("categorical:3");
  config.prior = parse_prior("categorical");
  ParameterStore store(DType::f64);
  const Vae vae(config, {Tensor::full({6}, 0.3), Tensor::full({6}, 0.2)}, store);
  store.freeze(1);
  Tape tape;
  const Recording recording(tape);
  const Tensor joint = vae.prior()->log_prob(tape.leaf(all_codes())).value();
  for (const double log_p : joint.values()) CHECK(log_p == Approx(-2 * std::log(3)));
  for (const char* posterior : {"diagonal", "bernoulli"}) {
    const CodeSpace codes = parse_posterior(posterior).codes(2);
    CHECK_THAT(parse_prior("categorical").unfit(codes), contains("is over one-hot codes"));
  }
  CHECK_THROWS_WITH(parse_prior("categorical:4"), contains("takes no argument"));
}

// Three kinds of data, told apart by every bit: one code for each is the best, and log p(x) then is that
// of the kinds' shares. A uniform prior ends at -log 3.
TEST_CASE("prior categorical: training reaches the best marginal likelihood of a discrete world") {
  const Numbers shares{0.5, 0.3, 0.2};
  const auto best_elbo = [&](const char* prior) {
    VaeConfig config;
    config.example = {3};
    config.latent = 1;
    config.hidden = {8};
    config.posterior = parse_posterior("categorical:3");
    config.prior = parse_prior(prior);
    ParameterStore store(DType::f64);
    const Vae vae(config, {Tensor::full({3}, 1.0 / 3), Tensor::full({3}, 2.0 / 9)}, store);
    store.freeze(2);
    Tape tape({.mode = Tape::Mode::replay});
    const Recording recording(tape);
    const Var kinds = tape.leaf(Tensor::of({1, 0, 0, 0, 1, 0, 0, 0, 1}, {3, 3}, DType::f64));
    const Var z = broadcast_to(reshape(kinds, {3, 1, 3}), {3, 3, 3});  // codes, data
    const Var log_q = vae.posterior(kinds)->log_prob(z);
    const Var log_joint = vae.log_likelihood(z, Batch(kinds)) + vae.prior()->log_prob(z);
    const Var weights = tape.leaf(Tensor::of(shares, {3}, DType::f64));
    const Var elbo = sum(weights * sum(exp(log_q) * (log_joint - log_q), 0));
    const Var cost = -elbo, log_p = sum(weights * logsumexp(log_joint, 0));
    Optimizer adam({}, {{0, store.size()}}, DType::f64);
    GradientSink sink(store);
    for (int step = 0; step < 1500; ++step) {
      tape.forward();
      tape.backward(cost, all_groups, sink);
      adam.step(store.data(), sink.data(), 0.03);
    }
    tape.forward();
    CHECK(elbo.item() <= log_p.item() + 1e-12);
    CHECK(elbo.item() == Approx(log_p.item()).margin(2e-3));
    if (prior == std::string("categorical")) {
      Numbers learned = log_probabilities(store.tensor("prior.logits"))[0];
      std::sort(learned.rbegin(), learned.rend());
      for (int k = 0; k < 3; ++k) CHECK(std::exp(learned[k]) == Approx(shares[k]).margin(2e-3));
    }
    return log_p.item();
  };
  double entropy = 0;
  for (const double share : shares) entropy -= share * std::log(share);
  CHECK(best_elbo("categorical") == Approx(-entropy).margin(3e-3));
  CHECK(best_elbo("uniform") == Approx(-std::log(3)).margin(3e-3));
}
