// What is read out of a model: data that it draws, and codes in which one variable changes.
#include <cmath>
#include <set>
#include <vector>

#include "autodiff/error.hpp"
#include "lab/evaluation/inference.hpp"
#include "lab/evaluation/standard_errors.hpp"
#include "lab/evaluation/traversal.hpp"
#include "lab/training/networks.hpp"
#include "lab/training/train_plan.hpp"
#include "objectives/draw/draw.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

/// A model as it starts, on 4 x 4 images.
struct Start {
  explicit Start(const std::string& likelihood, const std::string& posterior = "diagonal") {
    TrainConfig config = tiny_config();
    config.example = {4, 4};
    config.likelihood = likelihood;
    config.posterior = posterior;
    networks = make_networks(resolve(config), test.moments(), store);
  }
  const Model& model() const { return *networks.model; }

  data::Dataset data = tiny_data();
  Examples test{data, data.split("test"), data::Binarize::none, Examples::Role::test, 0};
  ParameterStore store;
  Networks networks;
};

}  // namespace

TEST_CASE("inference: data drawn of a code have the likelihood's mean and variance") {
  const std::int64_t n = 20000;
  for (const std::string likelihood : {"bernoulli", "normal:0.25"}) {
    CAPTURE(likelihood);
    const Start start(likelihood);
    Tensor z({n, 3});
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t d = 0; d < 3; ++d) z.set({i, d}, 0.5 * double(d) - 0.4);
    }
    const Tensor mean = decode_means(start.model(), z.slice(0, 0, 1)),
                 x = sample_data(start.model(), z, 3);
    REQUIRE(x.shape() == Shape{n, 16});
    double worst = 0;
    for (std::int64_t d = 0; d < 16; ++d) {
      const double m = mean.at({0, d}), variance = likelihood == "bernoulli" ? m * (1 - m) : 0.25;
      double sum = 0, squares = 0;
      for (std::int64_t i = 0; i < n; ++i) {
        const double value = x.at({i, d});
        if (likelihood == "bernoulli") CHECK((value == 0 || value == 1));
        sum += value;
        squares += (value - m) * (value - m);
      }
      const double z_score = (sum / double(n) - m) / std::sqrt(variance / double(n));
      worst = std::max(worst, std::fabs(z_score));
      // The variance of a normal's squares is 2 variance^2; of zeros and ones they follow the mean.
      if (likelihood != "bernoulli") {
        CHECK(std::fabs(squares / double(n) - variance) <
              4.5 * variance * std::sqrt(2 / double(n)));
      }
    }
    CHECK(worst < 4);  // |z| of 16 means; above 4 once in 1,000 seeds
  }
}

TEST_CASE("inference: what is drawn of a code depends on its row and the seed alone") {
  const Start start("bernoulli");
  const Tensor z = sample_prior(start.model(), 250, 1), x = sample_data(start.model(), z, 5);
  const Tensor few = sample_data(start.model(), z.slice(0, 0, 130), 5);
  CHECK(few.values() == x.slice(0, 0, 130).values());
  CHECK(sample_data(start.model(), z, 6).values() != x.values());
  // Equal codes in other rows have noise of their own.
  Tensor same({2, 3});
  const Tensor two = sample_data(start.model(), same, 5);
  CHECK(two.slice(0, 0, 1).values() != two.slice(0, 1, 2).values());
}

TEST_CASE("inference: a traversal changes one latent variable at a time") {
  const Tensor code = Tensor::of({10, 20, 30}, {1, 3});
  const CodeSpace real{CodeSpace::Kind::continuous, 3};
  const Traversal all = traverse(real, code, {2, 0}, {-1.5, 4});
  CHECK(all.z.values() == std::vector<double>{10, 20, -1.5, 10, 20, 4, -1.5, 20, 30, 4, 20, 30});
  CHECK_THROWS_WITH(traverse(real, code, {3}, {0}),
                    contains("no latent variable 3; they are 0 to 2"));
  CHECK_THROWS_AS(traverse(real, code, {-1}, {0}), Error);

  const CodeSpace rows{CodeSpace::Kind::one_hot, 2, 3};
  const Tensor hot = Tensor::of({0, 1, 0, 0, 0, 1}, {1, 6});
  CHECK(traverse(rows, hot, {1}, classes_of(rows, 99)).z.values() ==
        std::vector<double>{0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1});
  CHECK(classes_of(rows, 2) == std::vector<double>{0, 1});
  for (const double none : {-1.0, 3.0, 0.5}) {
    CHECK_THROWS_WITH(traverse(rows, hot, {0}, {none}), contains("none of the classes 0 to 2"));
  }
  const CodeSpace binary{CodeSpace::Kind::binary, 2};
  CHECK(traverse(binary, Tensor::of({1, 1}, {1, 2}), {0}, classes_of(binary, 11)).z.values() ==
        std::vector<double>{0, 1, 1, 1});

  CHECK(evenly_spaced(-3, 3, 5) == std::vector<double>{-3, -1.5, 0, 1.5, 3});
  CHECK(evenly_spaced(-1, 2, 4) == std::vector<double>{-1, 0, 1, 2});
  CHECK(evenly_spaced(2, -2, 2) == std::vector<double>{2, -2});
  CHECK(by_divergence({1, 3, 2, 3}) == std::vector<std::int64_t>{1, 3, 2, 0});
  CHECK(spread_rows(10, 4) == std::vector<std::uint32_t>{0, 2, 5, 7});
  CHECK(spread_rows(3, 4) == std::vector<std::uint32_t>{0, 1, 2});
}

TEST_CASE("inference: terms of single examples are those of each alone, with its own noise") {
  for (const std::string posterior : {"diagonal", "full", "bernoulli"}) {
    CAPTURE(posterior);
    const Start start("bernoulli", posterior);
    const Model& model = start.model();
    const TermsByExample all = terms_by_example(model, start.test, 23, 7);
    for (std::uint32_t i = 0; i < 23; ++i) {
      Tape tape;
      Recording recording(tape);
      const Var x = tape.leaf({1, 16}), noise = tape.leaf({1, 1, model.codes().dimensions()});
      start.test.fill(tape.data(x).data_as<float>(), {&i, 1}, 0);
      fill_noise(model.codes().noise(), tape.data(noise),
                 {.stream = {7, StreamId::evaluation}, .datum = &i});
      Draw draw(model, x, noise);
      CHECK(all.nell[i] == Approx(-draw.log_likelihood().value().values()[0]).epsilon(1e-5));
      CHECK(all.div[i] == Approx(draw.kl().value().values()[0]).epsilon(1e-4));
      CHECK(all.elbo()[i] == -all.nell[i] - all.div[i]);
    }
    const TermMeans means = all.means();
    double sum = 0;
    for (const double one : all.elbo()) sum += one / 23;
    CHECK(means.elbo.mean == Approx(sum).epsilon(1e-12));
    const TermsByExample some = terms_by_example(model, start.test, 5, 7);
    REQUIRE(some.nell.size() == 5);
    for (std::size_t i = 0; i < 5; ++i) CHECK(some.nell[i] == Approx(all.nell[i]).epsilon(1e-5));
  }
}
