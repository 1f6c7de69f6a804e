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

/// Words of every likelihood but normal:optimal.
std::vector<std::string> words_of(const std::string& name) {
  if (name == "normal")
    return {name, "normal:0.3", "normal:datum", "normal:learned", "normal:shared"};
  if (name == "discretised_logistic") return {name, name + ":3"};
  return {name};
}

/// The likelihood with parameters of its own, the same for every feature, of X features.
std::shared_ptr<const Likelihood> declared(const std::string& word, std::int64_t features,
                                           ParameterStore& store) {
  const auto likelihood = parse_likelihood(word);
  DataMoments moments{Tensor::full({features}, 0.4), Tensor::full({features}, 0.7)};
  moments.statistics = Tensor({features, likelihood->statistics()}, DType::f64);
  const auto own = likelihood->declared(store, features, moments);
  store.freeze(0);
  return own ? own : likelihood;
}

std::vector<double> log_prob_of(const Likelihood& likelihood, const Tensor& output,
                                const Tensor& x) {
  Tape tape;
  const Recording recording(tape);
  return likelihood.log_prob(tape.leaf(output), tape.leaf(x)).value().values();
}

void check_observed(const std::string& word) {
  ParameterStore store(DType::f64), store_of_fewer(DType::f64);
  const auto likelihood = declared(word, X, store), of_two = declared(word, 2, store_of_fewer);
  // Zeros and ones are values of all but beta.
  const double low = word == "beta" ? 0.25 : 0, step = word == "beta" ? 0.5 : 1;
  const std::int64_t blocks = likelihood->outputs();
  const Tensor output({S, B, blocks * X}, DType::f64), x({B, X}, DType::f64);
  for (std::int64_t i = 0; i < output.size(); ++i) {
    output.data_as<double>()[i] = std::sin(1.3 * double(i));
  }
  for (std::int64_t i = 0; i < x.size(); ++i) {
    x.data_as<double>()[i] = low + step * double(i % 2);
  }
  const ObservedLikelihood of(likelihood, {});
  const std::vector<double> whole = log_prob_of(of, output, x);
  const std::vector<double> own = log_prob_of(*likelihood, output, x);
  for (std::size_t i = 0; i < own.size(); ++i) CHECK(whole[i] == Approx(own[i]).epsilon(1e-12));

  Tensor holes({B, X}, DType::f64);
  holes.copy_from(x);
  for (std::int64_t b = 0; b < B; ++b) {
    for (const std::int64_t i : {1, 3}) {
      holes.set({b, i}, std::numeric_limits<double>::quiet_NaN());
    }
  }
  const std::vector<double> seen = log_prob_of(of, output, holes);
  const std::vector<double> fewer =
      log_prob_of(*of_two, features_of(output, blocks, {0, 2}), features_of(x, 1, {0, 2}));
  for (std::size_t i = 0; i < fewer.size(); ++i) CHECK(seen[i] == Approx(fewer[i]).epsilon(1e-12));
}

}  // namespace

TEST_CASE("observed: log P(x_obs|z) is that of a likelihood of the observed features alone") {
  for (const LikelihoodWord& one : likelihoods().all()) {
    if (likelihoods().own(one.name)) continue;
    for (const std::string& word : words_of(one.name)) {
      CAPTURE(word);
      check_observed(word);
    }
  }
}

TEST_CASE("observed: a likelihood of the whole batch is refused by name") {
  CHECK_THROWS_WITH(ObservedLikelihood(parse_likelihood("normal:optimal"), {}),
                    contains("'normal:optimal'"));
}
