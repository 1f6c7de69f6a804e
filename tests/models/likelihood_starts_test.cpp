// Where outputs start: what is best when z says nothing, and in which places of the networks.
#include "models/vae.hpp"
#include "tests/models/likelihood_subjects.hpp"
#include "tests/models/vae_configs.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

/// The derivative by the output [P X], at its start, of the mean log-likelihood of the data, some of which
/// may be counted more than once.
std::vector<double> slope_at_start(const LikelihoodSubject& of,
                                   const std::vector<std::vector<double>>& data,
                                   const std::vector<double>& weights) {
  const std::int64_t n = std::int64_t(data.size()), x = std::int64_t(data[0].size());
  const std::vector<double> start = of->output_start(of.moments).values();
  REQUIRE(std::int64_t(start.size()) == x * of->outputs());
  Tensor values({n, x}, DType::f64);
  for (std::int64_t i = 0; i < n * x; ++i) {
    values.data_as<double>()[i] = data[std::size_t(i / x)][std::size_t(i % x)];
  }
  Tape tape;
  const Recording recording(tape);
  const Var at = tape.leaf(Tensor::of(start, {1, 1, std::int64_t(start.size())}, DType::f64), true);
  const Var output = contiguous(broadcast_to(at, {1, n, std::int64_t(start.size())}));
  const Var weight = tape.leaf(Tensor::of(weights, {1, n}, DType::f64));
  tape.backward(sum(weight * of->log_prob(output, tape.leaf(values))));
  return tape.adjoint(at).values();
}

std::vector<double> equal_weights(std::size_t n) { return std::vector<double>(n, 1 / double(n)); }

void check_best(const std::string& text, const std::vector<std::vector<double>>& data) {
  INFO(text);
  const LikelihoodSubject of(text, data);
  for (const double slope : slope_at_start(of, data, equal_weights(data.size()))) {
    CHECK(std::fabs(slope) < 1e-9);
  }
}

/// The same data, of which 0.001 are spread over all values of one feature.
void check_best_of_levels(const std::string& text, const std::vector<double>& data) {
  INFO(text);
  std::vector<std::vector<double>> rows;
  for (const double one : data) rows.push_back({one});
  const LikelihoodSubject of(text, rows);
  std::vector<double> weights(data.size(), 0.999 / double(data.size()));
  const std::vector<double> values = values_of(*of);
  for (const double value : values) {
    rows.push_back({value});
    weights.push_back(0.001 / double(values.size()));
  }
  for (const double slope : slope_at_start(of, rows, weights)) CHECK(std::fabs(slope) < 1e-6);
}

}  // namespace

TEST_CASE("likelihoods: outputs start where the derivative of constants is 0") {
  const std::vector<std::vector<double>> counts{{0, 3}, {1, 0}, {0, 8}, {5, 2}, {0, 0}, {2, 0}};
  for (const char* text : {"poisson", "negative_binomial", "zero_inflated_negative_binomial"}) {
    check_best(text, counts);
  }
  const std::vector<std::vector<double>> shares{{0.1, 0.9}, {0.3, 0.99}, {0.2, 0.8}, {0.7, 0.95}};
  for (const char* text : {"continuous_bernoulli", "beta", "bernoulli", "normal:datum"}) {
    check_best(text, shares);
  }
  check_best("normal:shared", shares);
  check_best("normal:optimal", shares);
  check_best("student", {{-2, 5}, {-1, 6}, {1, 8}, {2, 9}});  // the mean, of symmetric data
  const std::vector<double> levels{0, 0.2, 0.4, 0.4, 0.8, 1, 1};
  check_best_of_levels("discretised_logistic", levels);
  check_best_of_levels("discretised_logistic:3", levels);
  check_best_of_levels("categorical_pixels", levels);
  check_best_of_levels("categorical_pixels:4", {0, 1, 1, 3});
}

TEST_CASE("likelihoods: features that are constant have a finite start") {
  for (const char* text :
       {"bernoulli", "normal:datum", "poisson", "negative_binomial",
        "zero_inflated_negative_binomial", "discretised_logistic", "discretised_logistic:2",
        "categorical_pixels", "continuous_bernoulli", "student"}) {
    for (const double value : {0.0, 1.0}) {
      INFO(text << " of " << value);
      const LikelihoodSubject of(text, {{value}, {value}});
      for (const double start : of->output_start(of.moments).values()) {
        CHECK(std::fabs(start) < 1e5);
      }
      for (const auto& entry : of.store.entries()) {
        CHECK(std::isfinite(of.store.tensor(entry.name).at({0})));
      }
    }
  }
  const LikelihoodSubject beta("beta", {{0.5}, {0.5}});
  for (const double start : beta->output_start(beta.moments).values()) CHECK(std::isfinite(start));
}

TEST_CASE("likelihoods: statistics that moments lack are asked for") {
  const auto likelihood = parse_likelihood("beta");
  CHECK_THROWS_WITH(likelihood->output_start(flat_moments({3}, 0.4)),
                    contains("beta starts at 2 statistics") && contains("Examples::moments"));
  CHECK_THROWS_WITH(parse_likelihood("poisson")->output_start(flat_moments({3}, -1)),
                    contains("counts are at least 0"));
}

TEST_CASE("likelihoods: more outputs than a network can have are refused") {
  VaeConfig config = small();
  config.example = {70000};
  config.likelihood = parse_likelihood("categorical_pixels");
  ParameterStore store;
  CHECK_THROWS_WITH(Vae(config, flat_moments(config.example), store),
                    contains("categorical_pixels wants 256 outputs for each of 70000 features"));
}

TEST_CASE(
    "likelihoods: a decoder's last layer holds the blocks of parameters one after the other") {
  constexpr std::int64_t X = 6;
  VaeConfig config = small();
  config.likelihood = parse_likelihood("normal:datum");
  ParameterStore store(DType::f64);
  DataMoments moments = flat_moments({2, 3});
  for (std::int64_t d = 0; d < X; ++d) moments.mean.set({d / 3, d % 3}, 0.1 * double(d));
  const Vae vae(config, moments, store);
  store.freeze(1);
  CHECK(store.tensor("decoder.output.weight").shape() == Shape{5, 2 * X});
  const Tensor bias = store.tensor("decoder.output.bias");
  for (std::int64_t d = 0; d < X; ++d) {
    CHECK(bias.at({d}) == Approx(0.1 * double(d)));
    CHECK(bias.at({X + d}) == Approx(std::log(0.1)));
  }
  // Blocks have weights as large as those of a layer of X outputs: within sqrt(6 / (5 + X)).
  double largest = 0;
  for (const double w : store.tensor("decoder.output.weight").values()) {
    largest = std::max(largest, std::fabs(w));
  }
  CHECK(largest > 0.9 * std::sqrt(6.0 / (5 + X)));
  Tape tape;
  const Recording recording(tape);
  const Var output = vae.decode(tape.leaf(numbers({2, 3, 2}, 4)));
  CHECK(output.shape() == Shape{2, 3, 2 * X});
  CHECK(vae.likelihood()->mean(output).shape() == Shape{2, 3, X});
}

TEST_CASE("likelihoods: of convolutions the channels' parameters become blocks of features") {
  VaeConfig config;
  config.architecture = "conv64";
  config.example = {64, 64, 2};
  config.latent = 3;
  config.likelihood = parse_likelihood("normal:datum");
  constexpr std::int64_t X = 64 * 64 * 2;
  ParameterStore store;
  DataMoments moments = flat_moments(config.example);
  for (std::int64_t i = 0; i < 64 * 64; ++i) moments.mean.set({i / 64, i % 64, 1}, i % 2 ? 1 : 0.6);
  const Vae vae(config, moments, store);
  store.freeze(1);
  const Tensor bias = store.tensor("decoder.output.bias");
  REQUIRE(bias.shape() == Shape{4});  // [2 parameters, 2 channels]
  CHECK(bias.at({0}) == Approx(0.2));
  CHECK(bias.at({1}) == Approx(0.8));
  CHECK(bias.at({2}) == Approx(std::log(0.1)));
  CHECK(bias.at({3}) == Approx(std::log(0.1 + 0.04)));  // and the variance between places
  // With weights of 0 every output is its bias.
  const Tensor weight = store.tensor("decoder.output.weight");
  weight.copy_from(Tensor(weight.shape(), weight.dtype()));
  Tape tape;
  const Recording recording(tape);
  const Tensor output = vae.decode(tape.leaf({1, 2, 3})).value();
  REQUIRE(output.shape() == Shape{1, 2, 2 * X});
  for (std::int64_t i = 0; i < 2 * X; i += 613) {
    CHECK(output.at({0, 1, i}) == Approx(bias.at({i / X * 2 + i % 2})));
  }
}

TEST_CASE("pseudo-inputs: learned data come into the support, and start about the data's mean") {
  for (const char* text : {"bernoulli", "poisson", "normal:datum", "discretised_logistic",
                           "categorical_pixels:5", "beta"}) {
    INFO(text);
    VaeConfig config = small();
    config.likelihood = parse_likelihood(text);
    config.prior = parse_prior("vamp:4");
    ParameterStore store(DType::f64);
    const Vae vae(config,
                  moments_of(*config.likelihood,
                             {std::vector<double>(6, 0.25), std::vector<double>(6, 0.75)}),
                  store);
    store.freeze(1);
    CHECK(store.tensor("prior.pseudo_inputs").shape() == Shape{4, 6});
    Tape tape;
    const Recording recording(tape);
    const Var log_p = vae.prior()->log_prob(tape.leaf(numbers({1, 2, 2}, 3)));
    for (const double one : log_p.value().values()) CHECK(std::isfinite(one));
  }
}
