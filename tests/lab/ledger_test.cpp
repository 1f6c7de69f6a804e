#include "lab/evaluation/ledger.hpp"

#include <cmath>
#include <cstring>
#include <numbers>
#include <utility>

#include "autodiff/random.hpp"
#include "lab/data/data_entropy.hpp"
#include "lab/evaluation/generative_information.hpp"
#include "lab/evaluation/inference.hpp"
#include "lab/evaluation/read_out.hpp"
#include "lab/training/trainer.hpp"
#include "models/make_model.hpp"
#include "models/worlds/linear_gaussian_model.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;

namespace {

/// A trained model on tiny data.
struct Trained {
  explicit Trained(TrainConfig config = tests::tiny_config(), int steps = 200)
      : trainer(config, data) {
    for (int i = 0; i < steps; ++i) {
      trainer.step();
      if (trainer.epoch_ended()) trainer.close_epoch(trainer.held_out().elbo());
    }
  }
  data::Dataset data = tests::tiny_data();
  Trainer trainer;
};

using Real = long double;

Real log_normal(Real z, Real m, Real log_variance) {
  return -0.5L * (std::log(2 * std::numbers::pi_v<Real>) + log_variance +
                  (z - m) * (z - m) * std::exp(-log_variance));
}

/// The terms of eqs (8)-(24), one draw of each posterior with the evaluation noise of a seed, in long
/// double.
struct Written {
  Written(const Encoded& q, std::uint64_t seed) {
    const int n = int(q.mean.shape()[0]), latent = int(q.mean.shape()[1]);
    for (int i = 0; i < n; ++i) {
      std::vector<float> noise(latent);
      const std::uint32_t datum = std::uint32_t(i);
      fill_normal(noise.data(), {.stream = {seed, StreamId::evaluation},
                                 .dimensions = std::size_t(latent),
                                 .datum = &datum});
      Real joint = 0, own = 0, prior = 0, product = 0;
      std::vector<Real> marginal(latent, 0.0);
      for (int k = 0; k < n; ++k) {
        Real log_density = 0;
        for (int d = 0; d < latent; ++d) {
          const Real m = q.mean.at({i, d}), v = q.log_variance.at({i, d});
          const Real z = m + std::exp(v / 2) * noise[d];
          const Real one = log_normal(z, q.mean.at({k, d}), q.log_variance.at({k, d}));
          log_density += one;
          marginal[d] += std::exp(one) / n;
          if (k == i) {
            own += one;
            prior += log_normal(z, 0, 0);
            div += double(0.5L * (std::exp(v) + m * m - 1 - v) / n);
          }
        }
        joint += std::exp(log_density) / n;
      }
      for (const Real one : marginal) product += std::log(one);
      hagg -= double(std::log(joint) / n);
      mi += double((own - std::log(joint)) / n);
      aggdiv += double((std::log(joint) - prior) / n);
      tc += double((std::log(joint) - product) / n);
      dwkl += double((product - prior) / n);
    }
  }
  double hagg = 0, mi = 0, tc = 0, dwkl = 0, aggdiv = 0, div = 0;
};

/// Makes it that of every posterior in all dimensions.
void set_log_variance(const ParameterStore& store, double log_variance) {
  const Tensor weight = store.tensor("encoder.head.weight"),
               bias = store.tensor("encoder.head.bias");
  const std::int64_t outputs = bias.size(), inputs = weight.size() / outputs;
  for (std::int64_t d = outputs / 2; d < outputs; ++d) {
    bias.set({d}, log_variance);
    for (std::int64_t i = 0; i < inputs; ++i) {
      weight.shape()[0] == outputs ? weight.set({d, i}, 0) : weight.set({i, d}, 0);
    }
  }
}

void check_identities(const Ledger& ledger, double rounding) {
  REQUIRE(ledger.identities.size() == 2);
  for (const Ledger::Identity& identity : ledger.identities) {
    CAPTURE(identity.text);
    CHECK(std::abs(identity.residual) < rounding);
  }
}

}  // namespace

TEST_CASE("ledger: terms are those of eqs (8)-(24), written out in double") {
  Trained trained;
  const Examples& examples = trained.trainer.test_examples();
  const Ledger ledger = measure_ledger(trained.trainer.model(), examples, {.batch = 10, .seed = 4});
  const Encoded q = encode(trained.trainer.model(), examples);
  const Written written(q, 4);
  const auto value = [&](const char* name) { return ledger.find(name)->estimate.mean; };
  const auto near = [](double x) { return Approx(x).epsilon(1e-4).margin(2e-5); };
  CHECK(value("hagg") == near(written.hagg));
  CHECK(value("mi") == near(written.mi));
  CHECK(value("aggdiv") == near(written.aggdiv));
  CHECK(value("tc") == near(written.tc));
  CHECK(value("dwkl") == near(written.dwkl));
  CHECK(value("div") == near(written.div));
  CHECK(value("elbo") == near(-value("nell") - value("div")));
  check_identities(ledger, 1e-5);
  CHECK(ledger.identities[0].text == "div(mc) - (mi + aggdiv)");
  CHECK(ledger.identities[0].residual ==
        Approx(value("div(mc)") - value("mi") - value("aggdiv")).margin(1e-12));
  CHECK(ledger.mi_interval->contains());
  CHECK(ledger.mi_interval->high.estimate.mean <= ledger.mi_interval->most);
  CHECK(ledger.mi_interval->most == Approx(std::log(double(examples.count()))).epsilon(1e-15));
  CHECK_FALSE(ledger.not_finite());

  // Units: the divergences of the dimensions add up to Div.
  double kl = 0;
  for (const Ledger::Unit& unit : ledger.units) kl += unit.kl;
  CHECK(kl == near(written.div));
}

TEST_CASE("ledger: scales that float32 does not tell from 0 beside the means") {
  Trained trained;
  const Examples& examples = trained.trainer.test_examples();
  for (const double log_variance : {-2.0, -18.0, -30.0, -60.0}) {
    set_log_variance(trained.trainer.store(), log_variance);
    const Ledger ledger =
        measure_ledger(trained.trainer.model(), examples, {.batch = 10, .seed = 4});
    const Encoded q = encode(trained.trainer.model(), examples);
    const Written written(q, 4);
    CAPTURE(log_variance, float_carries(q));
    CHECK(float_carries(q) == (log_variance > -25));
    for (const auto& [name, expected] : {std::pair{"mi", written.mi},
                                         {"hagg", written.hagg},
                                         {"aggdiv", written.aggdiv},
                                         {"tc", written.tc},
                                         {"dwkl", written.dwkl},
                                         {"div", written.div}}) {
      CAPTURE(name);
      CHECK(ledger.find(name)->estimate.mean == Approx(expected).epsilon(2e-4).margin(2e-4));
    }
    CHECK(ledger.find("mi")->estimate.mean <= std::log(double(examples.count())) + 1e-9);
    CHECK(ledger.mi_interval->contains());
    check_identities(ledger, 1e-4);
  }
  for (const double log_variance : {-80.0, -150.0}) {  // nor does float64
    set_log_variance(trained.trainer.store(), log_variance);
    CHECK_THROWS_WITH(measure_ledger(trained.trainer.model(), examples, {.batch = 10, .seed = 4}),
                      tests::contains("float64 does not tell its codes apart"));
  }
}

TEST_CASE("ledger: an interval holds nothing impossible, and crossed ends are none") {
  const auto contains = [](double low, double estimate, double high, double error) {
    return Ledger::Interval{{"naive", {low, error}}, {"div", {high, error}}, {estimate, error}, 6.9}
        .contains();
  };
  CHECK(contains(1, 2, 3, 0.01));
  CHECK(contains(1, 0.95, 3, 0.01));  // 4 standard errors of a difference: 0.057
  CHECK_FALSE(contains(1, 0.93, 3, 0.01));
  CHECK_FALSE(contains(1, 3.07, 3, 0.01));
  CHECK_FALSE(contains(6.5, 6.947, 6.9, 0.1));  // above ln N, whatever the errors
  CHECK(contains(6.5, 6.90001, 6.95, 0));
  const Ledger::Interval crossed{
      {"naive", {0.0047, 0.001}}, {"div", {0.0018, 0}}, {0.0047, 0.001}, 6.9};
  CHECK(crossed.crossed());
  CHECK(crossed.tolerance(crossed.high) == Approx(0.004));
  CHECK(crossed.contains());
}

TEST_CASE("ledger: schemes on one batch of all the data are exact where theory says so") {
  Trained trained;
  const Examples& examples = trained.trainer.test_examples();
  const Ledger ledger =
      measure_ledger(trained.trainer.model(), examples, {.batch = examples.count(), .seed = 1});
  const auto hagg = [&](Scheme s) { return ledger.hagg[std::size_t(s)].estimate.mean; };
  CHECK(hagg(Scheme::naive) == Approx(hagg(Scheme::full)).epsilon(1e-5));
  CHECK(hagg(Scheme::strat) == Approx(hagg(Scheme::full)).epsilon(1e-5));
  CHECK(hagg(Scheme::mws) ==
        Approx(hagg(Scheme::full) + std::log(double(examples.count()))).epsilon(1e-5));
  CHECK(hagg(Scheme::loo) > hagg(Scheme::full));
}

TEST_CASE("ledger: several draws under priors whose divergence has no closed form") {
  TrainConfig config = tests::tiny_config();
  config.prior = GENERATE("laplace", "mixture:2", "vamp:2");
  config.objective = "elbo(mc)";
  CAPTURE(config.prior);
  Trained trained(config, 20);
  const Ledger ledger = measure_ledger(trained.trainer.model(), trained.trainer.test_examples(),
                                       {.draws = 2, .batch = 10});
  const auto value = [&](const char* name) { return ledger.find(name)->estimate.mean; };
  // Jensen's inequality, datum by datum on the same two draws.
  CHECK(value("log_px") >= value("elbo"));
  CHECK(value("log_px") < value("elbo") + 3);
  CHECK(value("elbo") == Approx(-value("nell") - value("div")).epsilon(1e-5));
  check_identities(ledger, 1e-4);
  CHECK(ledger.identities[0].text == "div - (mi + aggdiv)");  // Div is a sample's itself

  // Scales that are read out in float64: what the prior has does not matter to I_enc.
  set_log_variance(trained.trainer.store(), -30);
  const Examples& examples = trained.trainer.test_examples();
  const Ledger narrow = measure_ledger(trained.trainer.model(), examples, {.batch = 10, .seed = 4});
  const Written written(encode(trained.trainer.model(), examples), 4);
  CHECK(narrow.find("mi")->estimate.mean == Approx(written.mi).epsilon(2e-4));
  CHECK(narrow.mi_interval->contains());
}

TEST_CASE("inference: one covariance of all data is told for every datum") {
  const LinearEncoder encoder = GENERATE(LinearEncoder::diagonal, LinearEncoder::full);
  ParameterStore store;
  const LinearGaussianModel model(store, golden_linear_gaussian().parameters(), encoder);
  store.freeze(0);
  const Tensor x = model.data(130, 1);
  const Encoded q = encode(model, x);
  REQUIRE(q.mean.shape() == Shape{130, 2});
  REQUIRE(q.log_variance.shape() == Shape{130, 2});
  const LinearGaussianParameters& world = model.world().parameters();
  for (std::int64_t n = 0; n < 130; ++n) {
    for (std::int64_t d = 0; d < 2; ++d) {
      const double mean = world.enc_weight.at({d, 0}) * x.at({n, 0}) +
                          world.enc_weight.at({d, 1}) * x.at({n, 1}) + world.enc_bias.at({d});
      CHECK(q.mean.at({n, d}) == Approx(mean).margin(1e-5));
      CHECK(std::exp(q.log_variance.at({n, d})) == Approx(world.enc_var.at({d})).epsilon(1e-5));
    }
  }
}

TEST_CASE("ledger: a world's terms are the exact ones within their errors") {
  ParameterStore store;
  const LinearGaussianModel model(store, golden_linear_gaussian().parameters());
  store.freeze(0);
  const std::int64_t N = 2000;
  const Tensor x = model.data(N, 7);
  data::Array array{data::StoredType::float32, {N, model.features()}, {}};
  array.bytes.resize(std::size_t(x.size()) * sizeof(float));
  std::memcpy(array.bytes.data(), x.data_as<float>(), array.bytes.size());
  data::Dataset data;
  data.spec = "world";
  data.splits.push_back({"test", data::Images(std::move(array)), {}, {}});
  const Examples examples(data, data.splits[0], data::Binarize::none, Examples::Role::test, 0);
  const Ledger ledger = measure_ledger(model, examples, {.seed = 3});
  // The data are a sample of the world's. P_enc of a sample is off by O(1 / sqrt(N)), but as
  // E_P (P' - P) / P = 0 the terms made of it only by O(1 / N): far below their errors. z is -1.53
  // (mi) to 0.66 (dwkl).
  const ExactTerms exact = model.world().exact();
  for (const auto& [name, value] : named_terms(exact)) {
    const Ledger::Entry* entry = ledger.find(name);
    if (entry == nullptr || name == "hqzx") continue;  // which all data have alike
    const double z = (entry->estimate.mean - value) / entry->estimate.standard_error;
    CAPTURE(name, value, entry->estimate.mean, z);
    CHECK(std::abs(z) < 4);
    CHECK(entry->estimate.standard_error < 0.1);
  }
  CHECK(ledger.find("hqzx")->estimate.mean == Approx(exact.hqzx).epsilon(1e-6));
  for (const char* name : {"nell", "div", "mi", "aggdiv", "tc", "dwkl", "pf"}) {
    CHECK(ledger.find(name) != nullptr);
  }
  check_identities(ledger, 1e-5);
}

TEST_CASE("ledger: a decoder that ignores z has no generative information") {
  Trained trained(tests::tiny_config(), 1);
  const auto& store = trained.trainer.store();
  const Model& model = trained.trainer.model();
  const Tensor weight = store.tensor("decoder.0.weight");
  std::fill_n(weight.data_as<float>(), weight.size(), 0.0f);
  // log P(x|z) is the same for all z: what is left is the noise of the encoder's weights.
  const MeanAndError none = generative_information(model, 40, 4000, 1);
  INFO(none.mean << " +- " << none.standard_error);
  CHECK(std::abs(none.mean) < 4 * none.standard_error);
  // The same with z seen: the information is clearly there.
  std::fill_n(weight.data_as<float>(), weight.size(), 3.0f);
  const MeanAndError some = generative_information(model, 40, 4000, 1);
  INFO(some.mean << " +- " << some.standard_error);
  CHECK(some.mean > 4 * (some.standard_error + none.standard_error));
}

TEST_CASE("data entropy: copies count together, and grey values or densities give nothing") {
  data::Dataset data;
  data.spec = "copies";
  data.scale = 1;
  // Rows 00, 01, 01, 11 of two pixels.
  data::Array array{data::StoredType::uint8, {4, 2}, {}};
  array.bytes.resize(8);
  std::size_t at = 0;
  for (const int bit : {0, 0, 0, 1, 0, 1, 1, 1}) array.bytes.data()[at++] = std::byte(bit);
  data.splits.push_back({"train", data::Images(std::move(array)), {}, {}});
  const Examples examples(data, data.splits[0], data::Binarize::none, Examples::Role::test, 0);
  const auto entropy_of = [&](const Examples& of, const std::string& likelihood) {
    ParameterStore store;
    const VaeConfig config{.example = {2}, .likelihood = parse_likelihood(likelihood)};
    return data_entropy(of, *make_model(config, of.moments(), store));
  };
  const auto entropy = entropy_of(examples, "bernoulli");
  REQUIRE(entropy);
  CHECK(*entropy == Approx(1.5 * std::log(2.0)).epsilon(1e-12));
  CHECK_FALSE(entropy_of(examples, "normal"));
  // Masses of counts and of pixels have values of their own, whatever they are.
  CHECK(*entropy_of(examples, "poisson") == *entropy);
  CHECK(*entropy_of(examples, "discretised_logistic") == *entropy);
  data.scale = 255;
  const Examples grey(data, data.splits[0], data::Binarize::none, Examples::Role::test, 0);
  CHECK_FALSE(entropy_of(grey, "bernoulli"));
  CHECK(*entropy_of(grey, "categorical_pixels") == *entropy);
}
