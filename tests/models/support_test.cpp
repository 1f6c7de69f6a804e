// Which data a likelihood is of, and densities told in the units of the data.
#include "models/likelihoods/fitting.hpp"

#include <cmath>
#include <limits>

#include "models/in_units.hpp"
#include "models/likelihoods/likelihood_words.hpp"
#include "models/make_model.hpp"
#include "tests/models/support.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

Extent extent_of(const std::vector<float>& values) {
  Extent extent;
  extent.add(values);
  return extent;
}

/// Counts, with as little of a likelihood as an answer about data needs.
class TestCounts final : public Likelihood {
 public:
  std::string text() const override { return "test_counts"; }
  bool is_mass() const override { return true; }
  Support support() const override { return {.least = 0, .whole = true}; }
  Var log_prob(Var output, Var) const override { return output; }
  Var mean(Var output) const override { return output; }
  Var sample(Var output, Var) const override { return output; }
  Noise noise() const override { return Noise::uniform; }
  Tensor output_start(const DataMoments& moments) const override {
    return moments.mean.cast(DType::f64);
  }
};

}  // namespace

TEST_CASE("support: an extent is the least, the greatest, and whether all are whole") {
  Extent extent;
  CHECK(extent.empty());
  extent = extent_of({3, -2, 7});
  CHECK(extent.least == -2);
  CHECK(extent.greatest == 7);
  CHECK(extent.whole);
  extent.add(extent_of({0.5f}));
  CHECK_FALSE(extent.whole);
  CHECK(extent.greatest == 7);
  CHECK(extent.text() == "from -2 to 7");
}

TEST_CASE("support: whole numbers and levels of a byte are told from their neighbours") {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  for (const float whole : {0.0f, -3.0f, 8388607.0f, 8388608.0f, -3e9f, 1e30f, inf, nan}) {
    INFO(whole);
    CHECK(extent_of({1, whole}).whole);
  }
  for (const float broken : {0.5f, -1e-6f, 8388606.5f, 4194304.5f}) {
    INFO(broken);
    CHECK_FALSE(extent_of({1, broken}).whole);
  }
  for (int k = 0; k <= 255; ++k) {
    INFO(k);
    CHECK(extent_of({nan, float(k) / 255}).levels);
    CHECK_FALSE(extent_of({(float(k) + 0.01f) / 255}).levels);
  }
  for (const float outside : {-1.0f / 255, 256.0f / 255, 1e30f, -inf}) {
    INFO(outside);
    CHECK_FALSE(extent_of({outside}).levels);
  }
  CHECK(extent_of({nan}).empty());
}

TEST_CASE("support: data outside of it are refused with the likelihood that fits") {
  const auto bernoulli = parse_likelihood("bernoulli"), normal = parse_likelihood("normal:0.1");
  CHECK(unfit(bernoulli.get(), extent_of({0, 1, 0.25f})).empty());
  CHECK(unfit(bernoulli.get(), {}).empty());
  CHECK(unfit(nullptr, extent_of({-9})).empty());
  CHECK(unfit(normal.get(), extent_of({-1e18f, 1e18f})).empty());
  CHECK_THAT(unfit(normal.get(), extent_of({0, 1e30f})), contains("squares beyond float32"));
  CHECK_THAT(unfit(normal.get(), extent_of({-1e30f, 0})), contains("squares beyond float32"));
  for (const float outside : {-1e-6f, 1.000001f, 300.0f}) {
    CHECK_THAT(unfit(bernoulli.get(), extent_of({0.5f, outside})),
               contains("likelihood bernoulli is of numbers in [0, 1]") &&
                   contains("normal[:VAR|:learned|"));
  }
  const TestCounts counts;
  CHECK(unfit(&counts, extent_of({0, 5, 1000})).empty());
  CHECK_THAT(unfit(&counts, extent_of({0, 2.5f})),
             contains("test_counts is of whole numbers from 0 on"));
  CHECK_THAT(unfit(&counts, extent_of({-1})), contains("normal[:VAR|:learned|"));
  CHECK(Support{}.text() == "numbers");
  CHECK(Support{.greatest = 3, .whole = true}.text() == "whole numbers up to 3");
  // Pixels, scaled as bytes are, and the ends of an open interval.
  const Support pixels{.least = 0, .greatest = 1, .levels = true};
  std::vector<float> all;
  for (int k = 0; k < 256; ++k) all.push_back(float(k) / 255);
  CHECK(pixels.holds(extent_of(all)));
  CHECK(pixels.holds(extent_of({0, 1})));
  CHECK_FALSE(pixels.holds(extent_of({0.5f})));  // 127.5 / 255
  CHECK_FALSE(pixels.holds(extent_of({0, 2})));
  CHECK(pixels.text() == "pixels k/255 in [0, 1]");
  const Support open{.least = 0, .greatest = 1, .open = true};
  CHECK(open.holds(extent_of({1e-30f, 0.999999f})));
  CHECK_FALSE(open.holds(extent_of({0.5f, 1})));
  CHECK_FALSE(open.holds(extent_of({0, 0.5f})));
  CHECK(open.text() == "numbers in (0, 1)");
}

TEST_CASE("in_units: a density of y = mean + deviation x, by the change of variables in double") {
  const std::vector<double> mean{3, -40, 0.5}, deviation{0.5, 20, 1e-3};
  const double log_volume = std::log(0.5) + std::log(20) + std::log(1e-3);
  const std::string likelihood = GENERATE("normal:0.3", "normal:learned", "normal:datum");
  VaeConfig config{.example = {3},
                   .latent = 2,
                   .hidden = {4},
                   .likelihood = parse_likelihood(likelihood),
                   .log_volume = log_volume};
  ParameterStore store(DType::f64);
  const DataMoments moments{Tensor({3}, DType::f64), Tensor::full({3}, 1, DType::f64)};
  const auto model = make_model(config, moments, store);
  store.freeze(3);
  if (likelihood == "normal:learned")
    store.tensor("decoder.log_variance").copy_from(Tensor::of({0.1, -0.7, 0.4}, {3}, DType::f64));
  Tape tape;
  const Recording recording(tape);
  const Tensor values = Tensor::of({0.3, -0.2, 1.1, 0.9, 0, -2}, {2, 3}, DType::f64);
  const Var x = tape.leaf(values);
  const Var z = tape.leaf(Tensor::of({0.1, 0.2, -0.5, 1}, {1, 2, 2}, DType::f64));
  const Tensor output = model->decode(z).value();
  const Tensor log_p = model->log_likelihood(z, x).value(), joint = model->log_joint(z, x).value();
  const Tensor prior = model->prior()->log_prob(z).value();
  const Tensor by_likelihood = model->likelihood()->log_prob(model->decode(z), x).value();
  for (std::int64_t b = 0; b < 2; ++b) {
    double exact = 0;
    for (std::int64_t d = 0; d < 3; ++d) {
      const double m = mean[d] + deviation[d] * output.at({0, b, d});
      const double y = mean[d] + deviation[d] * values.at({b, d});
      const double v = likelihood == "normal:0.3" ? 0.3
                       : likelihood == "normal:datum"
                           ? std::exp(output.at({0, b, 3 + d}))
                           : std::exp(store.tensor("decoder.log_variance").at({d}));
      const double variance = deviation[d] * deviation[d] * v;
      exact -= 0.5 * (std::log(2 * std::acos(-1.0) * variance) + (y - m) * (y - m) / variance);
    }
    CHECK(log_p.at({0, b}) == Approx(exact).epsilon(1e-10));
    CHECK(by_likelihood.at({0, b}) == Approx(exact).epsilon(1e-10));
    CHECK(joint.at({0, b}) == Approx(exact + prior.at({0, b})).epsilon(1e-10));
  }
}

TEST_CASE("in_units: a probability has no volume") {
  const auto log_p = [](double log_volume) {
    const VaeConfig config{.example = {3}, .latent = 2, .hidden = {4}, .log_volume = log_volume};
    ParameterStore store;
    const auto model = make_model(config, {Tensor::full({3}, 0.5), Tensor::full({3}, 0.2)}, store);
    store.freeze(3);
    Tape tape;
    const Recording recording(tape);
    const Var x = tape.leaf(Tensor::of({0, 1, 1}, {1, 3}));
    const Var z = tape.leaf(Tensor::of({0.1, 0.2}, {1, 1, 2}));
    return model->log_likelihood(z, x).value().at({0, 0});
  };
  CHECK(log_p(5) == log_p(0));
}
