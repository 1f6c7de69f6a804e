// log P(x_obs|z) of every likelihood that has it, against the likelihood of fewer features; the others refuse.
#include "models/likelihoods/observed_likelihood.hpp"

#include <cmath>
#include <limits>

#include "autodiff/error.hpp"
#include "models/likelihoods/likelihood_words.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using nelbo::tests::contains;

namespace {

constexpr std::int64_t S = 2, B = 3, X = 4;

/// Columns of `from` [.., P X] of the features `which`, block by block.
Tensor features_of(const Tensor& from, std::int64_t blocks,
                   const std::vector<std::int64_t>& which) {
  std::vector<double> values;
  const std::vector<double> all = from.values();
  const std::int64_t rows = from.size() / (blocks * X), kept = std::int64_t(which.size());
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t p = 0; p < blocks; ++p) {
      for (const std::int64_t i : which)
        values.push_back(all[std::size_t((row * blocks + p) * X + i)]);
    }
  }
  Shape shape = from.shape();
  shape[shape.rank() - 1] = blocks * kept;
  return Tensor::of(values, shape, DType::f64);
}

}  // namespace

TEST_CASE("observed: log P(x_obs|z) is that of a likelihood of the observed features alone") {
  for (const char* word : {"bernoulli", "normal", "normal:0.3", "normal:datum", "poisson",
                           "continuous_bernoulli", "categorical_pixels"}) {
    CAPTURE(word);
    const auto likelihood = parse_likelihood(word);
    const std::int64_t blocks = likelihood->outputs();
    const Tensor output({S, B, blocks * X}, DType::f64), x({B, X}, DType::f64);
    for (std::int64_t i = 0; i < output.size(); ++i) {
      output.data_as<double>()[i] = std::sin(1.3 * double(i));
    }
    for (std::int64_t i = 0; i < x.size(); ++i) x.data_as<double>()[i] = double(i % 2);
    Tape tape;
    const Recording recording(tape);
    const ObservedLikelihood of(likelihood, {});
    const auto whole = of.log_prob(tape.leaf(output), tape.leaf(x)).value().values();
    const auto own = likelihood->log_prob(tape.leaf(output), tape.leaf(x)).value().values();
    for (std::size_t i = 0; i < own.size(); ++i) CHECK(whole[i] == Approx(own[i]).epsilon(1e-12));

    Tensor holes({B, X}, DType::f64);
    holes.copy_from(x);
    for (std::int64_t b = 0; b < B; ++b) {
      for (const std::int64_t i : {1, 3}) {
        holes.set({b, i}, std::numeric_limits<double>::quiet_NaN());
      }
    }
    const auto seen = of.log_prob(tape.leaf(output), tape.leaf(holes)).value().values();
    const auto fewer = likelihood
                           ->log_prob(tape.leaf(features_of(output, blocks, {0, 2})),
                                      tape.leaf(features_of(x, 1, {0, 2})))
                           .value()
                           .values();
    for (std::size_t i = 0; i < fewer.size(); ++i)
      CHECK(seen[i] == Approx(fewer[i]).epsilon(1e-12));
  }
}

TEST_CASE("observed: a likelihood without probabilities of single features refuses by name") {
  for (const char* word : {"beta", "student"}) {
    const auto likelihood = parse_likelihood(word);
    Tape tape;
    const Recording recording(tape);
    const Var output = tape.leaf({S, B, likelihood->outputs() * X}, DType::f64);
    CHECK_THROWS_WITH(
        ObservedLikelihood(likelihood, {}).log_prob(output, tape.leaf({B, X}, DType::f64)),
        contains(std::string("the likelihood ") + word));
  }
}
