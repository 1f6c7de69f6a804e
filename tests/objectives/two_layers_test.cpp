// A model of several stochastic layers is one of a joint code: its draws, its estimators against
// the derivative of the sampled bound, and what is refused.
#include <algorithm>
#include <cmath>
#include <vector>

#include "autodiff/error.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/draw/estimate_bound.hpp"
#include "objectives/estimators/choice.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/language/expression.hpp"
#include "tests/catch.hpp"
#include "tests/objectives/two_layers.hpp"
#include "tests/oracles.hpp"

using namespace nelbo;
using nelbo::tests::contains;
using nelbo::tests::log_normal;
using nelbo::tests::TwoLayers;

namespace {

constexpr std::int64_t S = 4, B = 2, D = 2 * TwoLayers::L;
constexpr std::size_t first_layer = TwoLayers::X * TwoLayers::L + 2 * TwoLayers::L,
                      second_layer = TwoLayers::L * D + D;

const Tensor data = Tensor::of({0.9, -0.4, 1.3, -0.7, 0.2, 0.5}, {B, TwoLayers::X}, DType::f64);

struct Fixture {
  explicit Fixture(bool z1_stopped = false) : model(store, z1_stopped) { store.freeze(1); }
  ParameterStore store{DType::f64};
  TwoLayers model;
};

using Gradient = std::vector<double>;

std::vector<double> of(const ParameterStore& store, const GradientSink& sink,
                       const std::string& parameter) {
  for (std::uint32_t i = 0; i < store.entries().size(); ++i) {
    if (store.entries()[i].name == parameter) return sink.tensor(store, {i}).values();
  }
  throw Error("no parameter " + parameter);
}

/// What may be wrong of a model's second layer.
enum class Wrong { nothing, z1_stopped, gate_per_layer };

/// The normalised importance weights of every datum.
void normalise(const Tensor& log_weights, const Tensor& to) {
  for (std::int64_t b = 0; b < B; ++b) {
    double sum = 0;
    for (std::int64_t s = 0; s < S; ++s) sum += std::exp(log_weights.at({s, b}));
    for (std::int64_t s = 0; s < S; ++s) to.set({s, b}, std::exp(log_weights.at({s, b})) / sum);
  }
}

/// Gradients for phi, one of each of these many draws.
std::vector<Gradient> gradients(const Bound& bound, const EstimatorChoice& choice, bool one_sweep,
                                std::size_t draws, Wrong wrong = Wrong::nothing) {
  Fixture f(wrong == Wrong::z1_stopped);
  Tape tape({.mode = Tape::Mode::replay});
  const Recording recording(tape);
  const Var between = tape.leaf({S, B}, DType::f64);
  if (wrong == Wrong::gate_per_layer) f.model.gate_between = between;
  const Var noise = tape.leaf({S, B, D}, DType::f64);
  Draw draw(f.model, tape.leaf(data), noise, {}, nullptr, choice.estimation(one_sweep));
  const Var value = mean(estimate(draw, bound)), log_weights = draw.codes().log_weights();
  tape.keep(log_weights);
  GradientSink sink(f.store);
  std::vector<Gradient> all;
  for (std::size_t i = 0; i < draws; ++i) {
    fill_noise(Noise::normal, tape.data(noise), {.stream = {23, StreamId::user}, .step = i});
    tape.forward();
    if (wrong == Wrong::gate_per_layer) normalise(log_weights.value(), tape.data(between));
    tape.backward(value, f.store.groups({"phi"}), sink);
    Gradient of_layers;
    for (const char* parameter :
         {"first.weight", "first.bias", "first.log_variance", "second.weight", "second.bias"}) {
      for (const double g : of(f.store, sink, parameter)) of_layers.push_back(g);
    }
    REQUIRE(of_layers.size() == first_layer + second_layer);
    all.push_back(of_layers);
  }
  return all;
}

/// The largest |t| of the differences' means, among the parameters of each layer.
struct Scores {
  double first = 0, second = 0;
};

Scores compare(const std::vector<Gradient>& a, const std::vector<Gradient>& b) {
  Scores worst;
  const double n = double(a.size());
  for (std::size_t j = 0; j < first_layer + second_layer; ++j) {
    double sum = 0, squares = 0, size = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double d = a[i][j] - b[i][j];
      sum += d, squares += d * d, size += std::fabs(b[i][j]) / n;
    }
    const double average = sum / n, error = std::sqrt((squares / n - average * average) / n);
    // Where both are the same but for rounding there is nothing to score.
    const double t = error > 1e-12 * size ? average / error : 0;
    CHECK(size > 1e-3);
    double& layer = j < first_layer ? worst.first : worst.second;
    layer = std::max(layer, std::fabs(t));
  }
  return worst;
}

}  // namespace

TEST_CASE("two layers: a draw's log Q is the density of its code, and log R that of plain loops") {
  const Fixture f;
  Tensor normal({S, B, D}, DType::f64);
  fill_noise(Noise::normal, normal, {.stream = {3, StreamId::user}});
  Tape tape;
  const Recording recording(tape);
  Draw draw(f.model, tape.leaf(data), tape.leaf(normal));
  CHECK(draw.latent() == D);
  const Tensor z = draw.z().value();
  const auto at = [&](const char* name, std::int64_t i, std::int64_t j) {
    return f.store.tensor(name).at({i, j});
  };
  const auto again = draw.posterior().log_prob(draw.z()).value().values();
  for (std::int64_t s = 0; s < S; ++s) {
    for (std::int64_t b = 0; b < B; ++b) {
      double log_q = 0, log_p = 0;
      for (std::int64_t l = 0; l < TwoLayers::L; ++l) {
        double m1 = f.store.tensor("first.bias").at({l}), prior = 0;
        double m2 = f.store.tensor("second.bias").at({l});
        double v2 = f.store.tensor("second.bias").at({TwoLayers::L + l});
        for (std::int64_t k = 0; k < TwoLayers::X; ++k) {
          m1 += data.at({b, k}) * at("first.weight", k, l);
        }
        for (std::int64_t k = 0; k < TwoLayers::L; ++k) {
          m2 += z.at({s, b, k}) * at("second.weight", k, l);
          v2 += z.at({s, b, k}) * at("second.weight", k, TwoLayers::L + l);
          prior += z.at({s, b, TwoLayers::L + k}) * at("prior.weight", k, l);
        }
        const double z1 = z.at({s, b, l}), z2 = z.at({s, b, TwoLayers::L + l});
        log_q += log_normal(z1, m1, std::exp(f.store.tensor("first.log_variance").at({l}))) +
                 log_normal(z2, m2, std::exp(v2));
        log_p += log_normal(z2, 0, 1) + log_normal(z1, prior, 1);
      }
      for (std::int64_t k = 0; k < TwoLayers::X; ++k) {
        double output = 0;
        for (std::int64_t l = 0; l < TwoLayers::L; ++l) {
          output += z.at({s, b, l}) * at("decoder.weight", l, k);
        }
        log_p += log_normal(data.at({b, k}), output, 1);
      }
      CHECK(draw.log_posterior().value().at({s, b}) == Approx(log_q).epsilon(1e-11));
      CHECK(again[std::size_t(s * B + b)] == Approx(log_q).epsilon(1e-11));
      CHECK(draw.log_weights().value().at({s, b}) == Approx(log_p - log_q).epsilon(1e-11));
    }
  }
}

TEST_CASE("two layers: one sweep and two give the same gradient") {
  for (const Bound& bound : {bounds::mc(S, bounds::elbo()), bounds::iw(S)}) {
    for (const Estimator& estimator :
         {estimators::reparam(), estimators::stl(), estimators::dreg()}) {
      INFO(bound.text() << " " << estimator.text());
      const auto one = gradients(bound, estimator, true, 3);
      const auto two = gradients(bound, estimator, false, 3);
      for (std::size_t i = 0; i < one.size(); ++i) {
        for (std::size_t j = 0; j < one[i].size(); ++j) {
          CHECK(one[i][j] == Approx(two[i][j]).epsilon(1e-10).margin(1e-12));
        }
      }
    }
  }
}

TEST_CASE("two layers: stl and dreg have reparam's expectation in both layers, where they say so") {
  constexpr std::size_t draws = 6000;
  for (const Bound& bound : {bounds::mc(S, bounds::elbo()), bounds::iw(S)}) {
    const auto reparam = gradients(bound, estimators::reparam(), true, draws);
    for (const Estimator& estimator : {estimators::stl(), estimators::dreg()}) {
      const Scores t = compare(gradients(bound, estimator, true, draws), reparam);
      INFO(bound.text() << " " << estimator.text() << ": |t| " << t.first << " and " << t.second);
      if (estimator.unbiased(bound)) {
        CHECK(t.first < 4);
        CHECK(t.second < 4);
      } else {  // stl of iw
        CHECK(std::max(t.first, t.second) > 10);
      }
    }
  }
}

TEST_CASE("two layers: z1 stopped where layer 2's density reads it is found out") {
  constexpr std::size_t draws = 6000;
  const auto reparam = gradients(bounds::iw(S), estimators::reparam(), true, draws);
  const Scores t = compare(
      gradients(bounds::iw(S), estimators::dreg(), true, draws, Wrong::z1_stopped), reparam);
  INFO("|t| " << t.first << " and " << t.second);
  CHECK(t.first > 10);
  CHECK(t.second < 4);  // layer 2's own gradient is none of it
}

TEST_CASE("two layers: a gate on each layer in place of one on the whole code is found out") {
  constexpr std::size_t draws = 40000;
  const auto reparam = gradients(bounds::iw(S), estimators::reparam(), true, draws);
  const auto wrong =
      gradients(bounds::iw(S), estimators::dreg(), true, draws, Wrong::gate_per_layer);
  const Scores t = compare(wrong, reparam);
  INFO("|t| " << t.first << " and " << t.second);
  CHECK(t.first > 8);  // z1's way through z2 is weighted once more
  CHECK(t.second < 4);
  const Scores right = compare(gradients(bounds::iw(S), estimators::dreg(), true, draws), reparam);
  INFO("on the whole code " << right.first << " and " << right.second);
  CHECK(right.first < 4);
  CHECK(right.second < 4);
}

TEST_CASE("two layers: what needs one normal posterior refuses by name") {
  const Fixture f;
  Tape tape;
  const Recording recording(tape);
  Draw draw(f.model, tape.leaf(data), tape.leaf({S, B, D}, DType::f64), {.size = 100});
  for (const char* term : {"hagg", "mi", "aggdiv", "tc", "dip(i)", "max(div_j, 0.5)"}) {
    INFO(term);
    CHECK_THROWS_WITH(parse_objective(term)(draw),
                      contains("needs a normal posterior; here it is two_layers"));
  }
  CHECK_THROWS_WITH(parse_objective("dip(i)")(draw), contains("dip needs"));
  CHECK_THROWS_WITH(parse_objective("max(div_j, 0.5)")(draw), contains("div_j needs"));
  CHECK_THROWS_WITH(parse_objective("div")(draw), contains("two_layers") && contains("div(mc)"));
  CHECK_THROWS_WITH(parse_objective("hqzx")(draw), contains("two_layers") && contains("hqzx(mc)"));
  for (const char* term : {"pf", "dwkl"}) {
    CHECK_THROWS_WITH(parse_objective(term)(draw),
                      contains("prior two_layers gives no density of each dimension"));
  }
  CHECK_FALSE(has_exact_div(f.model));
  CHECK(std::isfinite(parse_objective("nell + 4*div(mc) + mmd")(draw).item()));
}
