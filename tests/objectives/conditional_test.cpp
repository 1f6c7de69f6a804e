// A conditional autoencoder, and one of data with missing entries, through the production Draw, against the
// linear-Gaussian world in closed form.
#include <cmath>
#include <limits>
#include <memory>
#include <numbers>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "autodiff/random.hpp"
#include "models/likelihoods/observed_likelihood.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/language/expression.hpp"
#include "objectives/terms/aggregate_terms.hpp"
#include "objectives/terms/bound_terms.hpp"
#include "objectives/terms/terms.hpp"
#include "tests/catch.hpp"
#include "tests/objectives/conditional_world.hpp"
#include "tests/objectives/drawn_rows.hpp"

using namespace nelbo;
using tests::ConditionalWorld, tests::contains, tests::DrawnRows, tests::z_score;

namespace {

using Missing = VaeConfig::Missing;
constexpr int B = 3, X = ConditionalWorld::X, C = ConditionalWorld::C, L = ConditionalWorld::L;
constexpr double missing_entry = std::numeric_limits<double>::quiet_NaN();

/// Rows [B, X + C]; with `holes` two entries of the second datum and one of the third are missing.
Tensor rows_shown(bool holes = false) {
  const Tensor rows({B, X + C}, DType::f64);
  for (int i = 0; i < B * (X + C); ++i) rows.data_as<double>()[i] = std::cos(2.3 * i);
  if (holes) {
    rows.set({1, 0}, missing_entry);
    rows.set({1, 2}, missing_entry);
    rows.set({2, 3}, missing_entry);
  }
  return rows;
}

Tensor column_of(const Tensor& rows, int b, int from, int to) {
  return rows.slice(0, b, b + 1).slice(1, from, to).contiguous().reshape({to - from, 1});
}

double exact_log_px(const ConditionalWorld& world, const Tensor& rows, int b) {
  return world.log_px(column_of(rows, b, 0, X), column_of(rows, b, X, X + C));
}

}  // namespace

TEST_CASE("conditional: under the exact posterior every weight is log p(x|c)") {
  const ConditionalWorld world;
  ParameterStore store(DType::f64);
  const auto model = world.model(store, "full");
  CHECK(model->conditions() == C);
  CHECK(model->shown() == X + C);
  const Tensor rows = rows_shown();
  const DrawnRows of(*model, 4, rows);
  const Tensor weights = of.draw->log_weights().value();
  double mean = 0;
  for (int b = 0; b < B; ++b) {
    const double exact = exact_log_px(world, rows, b);
    mean += exact / B;
    for (int s = 0; s < 4; ++s) CHECK(weights.at({s, b}) == Approx(exact).epsilon(1e-10));
  }
  for (const char* bound :
       {"elbo(mc)", "iw(m=4)", "renyi(m=4, alpha=0.5)", "ciwae(m=4, beta=0.5)"}) {
    CAPTURE(bound);
    CHECK(parse_objective(bound)(*of.draw).item() == Approx(mean).epsilon(1e-10));
  }
}

TEST_CASE("conditional: estimates of a diagonal posterior are of the exact numbers, z < 4") {
  const ConditionalWorld world;
  ParameterStore store(DType::f64);
  const auto model = world.model(store, "diagonal");
  const Tensor rows = rows_shown();
  const DrawnRows of(*model, 20'000, rows);
  const Tensor log_weights = of.draw->log_weights().value();
  const Tensor div_exact = div().per_datum(*of.draw).value().value();
  const Tensor nell_mc = nell().per_datum(*of.draw).value().value();
  const double gap = world.diagonal_gap();
  for (int b = 0; b < B; ++b) {
    const double log_px = exact_log_px(world, rows, b);
    const Tensor ratios(log_weights.shape(), DType::f64);
    for (std::int64_t s = 0; s < 20'000; ++s) {
      ratios.set({s, b}, std::exp(log_weights.at({s, b}) - log_px));
    }
    const double z_ratio = z_score(ratios, b, 1), z_elbo = z_score(log_weights, b, log_px - gap);
    CAPTURE(b, z_ratio, z_elbo);
    CHECK(std::abs(z_ratio) < 4);
    CHECK(std::abs(z_elbo) < 4);
    // div(exact) is KL(Q || N(A c, I)): what elbo(exact) leaves is Nell, an estimate with less noise.
    CHECK(-nell_mc.values()[std::size_t(b)] - div_exact.values()[std::size_t(b)] ==
          Approx(log_px - gap).margin(0.05));
  }
}

TEST_CASE("conditional: the prior of a condition is no prior of all codes, and terms say so") {
  const ConditionalWorld world;
  ParameterStore store(DType::f64);
  const auto model = world.model(store, "diagonal");
  const DrawnRows of(*model, 2, rows_shown());
  CHECK_THROWS_WITH(aggdiv(Scheme::naive)(*of.draw), contains("aggdiv"));
  CHECK_THROWS_WITH(dwkl(Scheme::naive)(*of.draw), contains("dwkl and pf"));
  CHECK_THROWS_WITH(pf()(*of.draw), contains("dwkl and pf"));
  CHECK(std::isfinite(mi(Scheme::naive)(*of.draw).item()));
  CHECK(std::isfinite(tc(Scheme::naive)(*of.draw).item()));
  CHECK(has_exact_div(*model));
  CHECK(prior_learns(*model));
}

TEST_CASE("conditional: a model without its condition, and one with a condition too many, refuse") {
  const ConditionalWorld world;
  ParameterStore store(DType::f64), plain(DType::f64);
  const auto model = world.model(store, "diagonal");
  VaeConfig config;
  config.example = Shape{X};
  config.latent = L;
  config.likelihood = parse_likelihood("normal");
  const Vae other(config, {Tensor({X}, DType::f64), Tensor::full({X}, 1, DType::f64)}, plain);
  plain.freeze(1);
  Tape tape;
  const Recording recording(tape);
  const Var x = tape.leaf({B, X}, DType::f64), c = tape.leaf({B, C}, DType::f64),
            z = tape.leaf({1, B, L}, DType::f64);
  CHECK_THROWS_WITH(model->posterior(x), contains("no condition"));
  CHECK_THROWS_WITH(model->decode(z), contains("no condition"));
  CHECK_THROWS_WITH(model->prior(), contains("no condition"));
  CHECK_THROWS_WITH(other.posterior({x, c}), contains("takes none"));
  CHECK_THROWS_WITH(other.decode(z, c), contains("takes none"));
  config.prior = parse_prior("conditional");
  ParameterStore third(DType::f64);
  CHECK_THROWS_WITH(Vae(config, {}, third), contains("there is none; give one"));
  config.prior = parse_prior("vamp:3");
  config.conditions = C;
  ParameterStore fourth(DType::f64);
  CHECK_THROWS_WITH(Vae(config, {}, fourth), contains("of a condition too"));
}

TEST_CASE("missing: bounds over the observed entries are of the exact marginal, z < 4") {
  const ConditionalWorld world;
  const Tensor rows = rows_shown(true);
  ParameterStore store(DType::f64);
  const auto model = world.model(store, "diagonal", Missing::zeros);
  // Wider than the posterior of whole data, so that the weights have a variance.
  const Tensor bias = store.tensor("encoder.head.bias");
  for (int l = 0; l < L; ++l) bias.set({L + l}, bias.at({L + l}) + 1);
  const DrawnRows of(*model, 20'000, rows);
  const Tensor log_weights = of.draw->log_weights().value();
  const Tensor means = model->likelihood()->mean(of.draw->codes().decoded()).value();
  for (int b = 0; b < B; ++b) {
    const double log_px = exact_log_px(world, rows, b);
    const Tensor ratios(log_weights.shape(), DType::f64);
    for (std::int64_t s = 0; s < 20'000; ++s) {
      ratios.set({s, b}, std::exp(log_weights.at({s, b}) - log_px));
    }
    const double z = z_score(ratios, b, 1);
    CAPTURE(b, z, log_px);
    CHECK(std::abs(z) < 4);
    // E[X_mis|x_obs] by the weights: E_q w (x - exact) = 0, which needs no division.
    const Tensor expected =
        world.expected_missing(column_of(rows, b, 0, X), column_of(rows, b, X, X + C));
    int next = 0;
    for (int i = 0; i < X; ++i) {
      if (!std::isnan(rows.at({b, i}))) continue;
      const double exact = expected.at({next++, 0});
      const Tensor weighted(log_weights.shape(), DType::f64);
      for (std::int64_t s = 0; s < 20'000; ++s) {
        weighted.set({s, b}, ratios.at({s, b}) * (means.at({s, b, i}) - exact));
      }
      const double z_mean = z_score(weighted, b, 0);
      CAPTURE(i, z_mean, exact);
      CHECK(std::abs(z_mean) < 4);
    }
  }
}

TEST_CASE("missing: what stands in the place of a missing entry moves nothing") {
  const ConditionalWorld world;
  ParameterStore store(DType::f64), plain(DType::f64);
  const auto model = world.model(store, "full", Missing::zeros);
  const auto whole_model = world.model(plain, "full");
  // Data that are whole give the numbers of the model without missing entries.
  const Tensor whole = rows_shown();
  const auto weights_of = [&](const Model& of) {
    const DrawnRows recorded(of, 3, whole);
    return recorded.draw->log_weights().value().values();
  };
  const std::vector<double> expected = weights_of(*whole_model), given = weights_of(*model);
  for (std::size_t i = 0; i < given.size(); ++i)
    CHECK(given[i] == Approx(expected[i]).epsilon(1e-12));
  // The gradient of a cost is finite, and 0 of the outputs of an entry that no datum has.
  Tensor holes = rows_shown(true);
  for (int n = 0; n < B; ++n) holes.set({n, 1}, missing_entry);
  DrawnRows c(*model, 3, holes);
  GradientSink gradient(store);
  c.tape.backward(parse_objective("iw(m=3)").cost()(*c.draw), all_groups, gradient);
  const Range range = store.range("theta");
  const double* g = static_cast<const double*>(gradient.data());
  for (std::size_t i = 0; i < range.length; ++i) CHECK(std::isfinite(g[range.offset + i]));
  Tensor of_bias = gradient.buffer();
  for (const auto& entry : store.entries()) {
    if (entry.name != "decoder.output.bias") continue;
    of_bias =
        gradient.buffer().slice(0, std::int64_t(entry.offset), std::int64_t(entry.offset) + X);
  }
  CHECK(of_bias.at({1}) == 0);
  CHECK(of_bias.at({0}) != 0);
}

TEST_CASE("missing: densities stay those of the data under standard scaling") {
  const auto own = parse_likelihood("normal");
  const ObservedLikelihood scaled(own, {std::log(2.0), std::log(3.0)});
  Tape tape;
  const Recording recording(tape);
  const Var output = tape.leaf(Tensor::of(std::vector<double>{0.5, -1}, {1, 1, 2}, DType::f64));
  const Var x = tape.leaf(Tensor::of(std::vector<double>{0.25, missing_entry}, {1, 2}, DType::f64));
  const double density = -0.5 * (std::log(2 * std::numbers::pi) + 0.0625);
  CHECK(scaled.log_prob(output, x).item() == Approx(density - std::log(2.0)).epsilon(1e-12));
  // Of a probability mass there is no volume.
  const ObservedLikelihood bits(parse_likelihood("bernoulli"), {std::log(2.0), std::log(3.0)});
  const Var one = tape.leaf(Tensor::of(std::vector<double>{1, missing_entry}, {1, 2}, DType::f64));
  CHECK(bits.log_prob(output, one).item() == Approx(-std::log1p(std::exp(-0.5))).epsilon(1e-12));
}
