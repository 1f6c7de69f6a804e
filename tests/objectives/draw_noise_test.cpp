// Terms with random numbers of their own: when they are fresh, and what they do not depend on.
#include <set>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/draw/estimate_bound.hpp"
#include "objectives/estimators/choice.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/terms/regularisers.hpp"
#include "objectives/terms/terms.hpp"
#include "tests/catch.hpp"
#include "tests/objectives/vae_fixture.hpp"

using namespace nelbo;
using nelbo::tests::contains;
using nelbo::tests::VaeFixture;

namespace {

constexpr int S = 2, B = 4, D = 3;
const std::vector<std::uint32_t> rows{7, 3, 12, 5};

/// E z e with random numbers e for every datum's place in the batch, or for the datum.
Term jitter(const std::string& name, bool of_data = false) {
  return Term({.name = name, .moves = {"phi"}}, Direction::cost, [=](Draw& d) {
    const Var e =
        of_data ? d.noise_of_data(name, d.latent()) : d.noise(name, d.batch(), d.latent());
    return sum(d.z() * e, -1);
  });
}

/// A draw of fixed data and codes to be replayed.
struct Replay {
  explicit Replay(const std::vector<Term>& terms)
      : draw(*vae.model, tape.leaf(vae.x.value()), tape.leaf(vae.noise.value())) {
    for (const Term& term : terms) values.push_back(term(draw));
  }
  /// The value of a term at a moment.
  double at(std::size_t term, const Moment& moment) {
    draw.fill(moment);
    tape.forward();
    return values[term].item();
  }

  VaeFixture vae{S, B, D};
  Tape tape{{.mode = Tape::Mode::replay}};
  Recording recording{tape};
  Draw draw;
  std::vector<Var> values;
};

Moment moment(std::uint64_t seed, std::uint64_t step,
              const DrawVariables& variables = random_variables::training) {
  return {.variables = variables, .seed = seed, .step = step, .rows = rows};
}

/// The numbers that a leaf is filled with.
std::vector<double> numbers(Draw& draw, Var leaf, const Moment& when) {
  draw.fill(when);
  return leaf.tape().data(leaf).values();
}

}  // namespace

TEST_CASE("draw noise: fresh at each step and seed, the same for the same") {
  for (const bool of_data : {false, true}) {
    Replay alone({jitter("shake", of_data)});
    const double first = alone.at(0, moment(1, 1));
    CHECK(alone.at(0, moment(1, 2)) != first);
    CHECK(alone.at(0, moment(2, 1)) != first);
    CHECK(alone.at(0, moment(1, 1, random_variables::evaluation)) != first);
    CHECK(alone.at(0, moment(1, 1)) == first);
    Replay again({jitter("shake", of_data)});
    CHECK(again.at(0, moment(1, 1)) == first);
  }
}

TEST_CASE("evaluation: batches have noise of their own, and data theirs in any batch") {
  Replay of_batch({jitter("shake")}), of_data({jitter("shake", true)});
  Moment first = moment(1, 0, random_variables::evaluation), second = first;
  second.batch = 1;
  CHECK(of_batch.at(0, first) != of_batch.at(0, second));
  CHECK(of_data.at(0, first) == of_data.at(0, second));
}

TEST_CASE("draw noise: it does not depend on what else is drawn") {
  Replay alone({jitter("shake")});
  Replay among(
      {mmd(MmdKernel::rbf), jitter("other"), nell(), jitter("shake"), jitter("last", true)});
  REQUIRE(among.draw.inputs().size() == 4);
  for (std::uint64_t step = 0; step < 3; ++step) {
    CHECK(among.at(3, moment(5, step)) == alone.at(0, moment(5, step)));
  }
  // Equal names are one noise: the terms see the same numbers.
  Replay twice({jitter("shake"), 2 * jitter("shake")});
  CHECK(twice.draw.inputs().size() == 1);
  CHECK(twice.at(1, moment(5, 1)) == Approx(2 * twice.at(0, moment(5, 1))).epsilon(1e-14));
}

TEST_CASE("draw noise: its numbers are normal or uniform, as asked for") {
  VaeFixture f(1, B, D);
  Draw draw(*f.model, f.x, f.noise);
  const Var normal = draw.noise("normal", 500, 40);
  const Var uniform = draw.noise("uniform", 500, 40, Noise::uniform);
  const auto check = [&](Var leaf, double mean, double variance) {
    double first = 0, second = 0;
    const std::vector<double> all = numbers(draw, leaf, moment(3, 1));
    const double n = double(all.size());
    for (const double x : all) first += x / n, second += (x - mean) * (x - mean) / n;
    const double z = (first - mean) / std::sqrt(variance / n);
    INFO("z = " << z);
    CHECK(std::fabs(z) < 4);
    CHECK(second == Approx(variance).epsilon(0.05));
  };
  check(normal, 0, 1);
  check(uniform, 0.5, 1.0 / 12);
  for (const double u : numbers(draw, uniform, moment(3, 1))) CHECK((u > 0 && u < 1));
}

TEST_CASE("draw noise: two names never share numbers") {
  VaeFixture f(1, B, D);
  Draw draw(*f.model, f.x, f.noise);
  // Names have 2^16 places: among a few hundred two meet, and the later one is refused.
  std::vector<Var> leaves;
  std::string refusal;
  for (int i = 0; i < 5000 && refusal.empty(); ++i) {
    const std::string name = "name_" + std::to_string(i);
    try {
      leaves.push_back(draw.noise(name, 1, 2));
    } catch (const Error& error) {
      refusal = error.what();
      CHECK_THAT(refusal, contains("noise '" + name + "' would have the numbers of 'name_"));
      CHECK_THAT(refusal, contains("choose another name"));
    }
  }
  REQUIRE_FALSE(refusal.empty());
  REQUIRE(leaves.size() > 20);
  draw.fill(moment(1, 1));
  std::set<double> all;
  for (const Var leaf : leaves) {
    for (const double x : f.tape.data(leaf).values()) all.insert(x);
  }
  CHECK(all.size() == 2 * leaves.size());
}

TEST_CASE("draw noise: one name is one noise, of one shape and kind") {
  VaeFixture f(1, B, D);
  Draw draw(*f.model, f.x, f.noise);
  const Var first = draw.noise("shake", B, 2);
  CHECK(draw.noise("shake", B, 2).value().values() == first.value().values());
  CHECK(draw.inputs().size() == 1);
  CHECK_THROWS_WITH(draw.noise("shake", B, 3),
                    contains("noise 'shake'") && contains("[4, 2]") && contains("another name"));
  CHECK_THROWS_WITH(draw.noise("shake", B, 2, Noise::uniform), contains("another name"));
  CHECK_THROWS_WITH(draw.noise_of_data("shake", 2), contains("another name"));
}

TEST_CASE("draw noise: that of a datum is the datum's, wherever it stands in a batch") {
  VaeFixture f(1, B, D);
  Draw four(*f.model, f.x, f.noise);
  Draw six(*f.model, f.tape.leaf({6, VaeFixture::X}, DType::f64),
           f.tape.leaf({1, 6, D}, DType::f64));
  const Var of_four = four.noise_of_data("shake", 5), of_six = six.noise_of_data("shake", 5);
  const Var places = four.noise("places", B, 5);
  const auto at = [](const std::vector<std::uint32_t>& data, std::uint64_t step) {
    return Moment{.variables = random_variables::training, .seed = 4, .step = step, .rows = data};
  };
  const std::vector<std::uint32_t> others{1, 12, 9, 7, 2, 3}, shuffled{3, 12, 5, 7};
  const auto before = numbers(four, of_four, at(rows, 1)),
             within = numbers(six, of_six, at(others, 1));
  const auto row = [](const std::vector<double>& all, std::size_t i) {
    return std::vector<double>(all.begin() + std::ptrdiff_t(5 * i),
                               all.begin() + std::ptrdiff_t(5 * i + 5));
  };
  CHECK(row(before, 0) == row(within, 3));  // 7
  CHECK(row(before, 1) == row(within, 5));  // 3
  CHECK(row(before, 2) == row(within, 1));  // 12
  CHECK(std::set<double>(before.begin(), before.end()).size() == before.size());
  CHECK(numbers(four, of_four, at(rows, 2)) != before);
  // Numbers of the places do not move with the data.
  const auto fixed = numbers(four, places, at(rows, 1));
  CHECK(numbers(four, places, at(shuffled, 1)) == fixed);
  CHECK(row(numbers(four, of_four, at(shuffled, 1)), 0) == row(before, 1));
}

TEST_CASE("draw: names of a program's own never meet nelbo's") {
  VaeFixture f(1, 3, 2);
  Tape tape({.mode = Tape::Mode::replay});
  const Recording recording(tape);
  Draw draw(*f.model, tape.leaf(f.x.value()), tape.leaf(f.noise.value()), {}, nullptr,
            EstimatorChoice(estimators::wake_sleep(0.5)).estimation(true));
  const auto fill = [](const Tensor& data, const Moment&) { data.set({0, 0}, 7); };
  for (const char* name : {"dream", "prior noise", "permutation", "warmup(2, steps=10)",
                           "noise mine", "input dream"}) {
    CHECK(draw.input(name, {1, 1}, fill).shape() == Shape{1, 1});
    CHECK(draw.once(std::string("once ") + name,
                    [&] {
                      return draw.input(name, {1, 1}, fill);
                    })
              .shape() == Shape{1, 1});
  }
  for (const char* name :
       {"kl", "prior_sample", "dream_log_posterior", "baseline", "input dream"}) {
    draw.once(name, [&] { return tape.constant(5, DType::f64); });
  }
  // nelbo's own come after, and are what they are.
  estimate(draw, bounds::iw(1));
  CHECK(draw.prior_sample().shape() == Shape{3, 2});
  CHECK(draw.kl().shape() == Shape{3});
  CHECK(draw.noise("mine", 2, 3).shape() == Shape{2, 3});
  CHECK(draw.scheduled(Schedule::warmup(2, 10)).shape() == Shape{});
}
