// Codes of a normal and a discrete block, an estimator for each: mean gradients against those of the bound by
// enumeration of the discrete block and Gauss-Hermite quadrature of the normal one.
#include <cmath>
#include <map>
#include <numbers>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "models/posteriors/product_posterior.hpp"
#include "models/vae.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/draw/estimate_bound.hpp"
#include "objectives/estimators/choice.hpp"
#include "objectives/estimators/enumeration.hpp"
#include "objectives/language/read_estimators.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

/// A model in double of 3 bits whose codes are a normal variable and a discrete block.
struct BlockModel {
  explicit BlockModel(const std::string& posterior) {
    VaeConfig config;
    config.example = Shape{3};
    config.hidden = {2};
    config.posterior = parse_posterior(posterior);
    vae = std::make_unique<Vae>(
        config, DataMoments{Tensor::full({3}, 0.5), Tensor::full({3}, 0.25)}, store);
    for (const char* text : {"rebar(temperature=0.5, eta=1)", "relax(temperature=0.5, eta=1)"}) {
      for (const Auxiliary& own :
           parse_estimators("reparam+" + std::string(text)).phi.rule().auxiliaries()) {
        auxiliaries.declare(own, store, *vae);
      }
    }
    store.freeze(3);
    std::uint32_t address = 0;
    for (const ParameterStore::Entry& entry : store.entries()) {
      const Tensor own = store.tensor(entry.name), noise(entry.shape, DType::f64);
      fill_normal(noise.data_as<double>(), {.stream = {5, StreamId::user},
                                            .dimensions = std::size_t(noise.size()),
                                            .first_datum = ++address});
      for (std::int64_t i = 0; i < own.size(); ++i) {
        own.data_as<double>()[i] = 0.7 * noise.data_as<double>()[i];
      }
    }
  }
  /// `rows` copies of the datum.
  Tensor data(std::int64_t rows) const {
    Tensor x({rows, 3}, DType::f64);
    for (std::int64_t i = 0; i < rows; ++i) {
      x.set({i, 0}, 1);
      x.set({i, 2}, 1);
    }
    return x;
  }
  /// The gradient without the auxiliaries' part.
  std::vector<double> of_model(const GradientSink& sink) const {
    std::vector<double> all;
    for (std::size_t i = 0; i < store.entries().size(); ++i) {
      const std::string& name = store.entries()[i].name;
      if (name.starts_with("relax") || name.starts_with("rebar")) continue;
      const auto part = sink.tensor(store, {std::uint32_t(i)}).contiguous().values();
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }

  ParameterStore store{DType::f64};
  std::unique_ptr<Vae> vae;
  Auxiliaries auxiliaries;
};

/// Nodes and weights for means over a standard normal, by the trapezoidal rule, which is exact to rounding.
std::vector<std::pair<double, double>> normal_nodes() {
  std::vector<std::pair<double, double>> all;
  const double step = 0.25;
  for (double x = -8; x <= 8; x += step) {
    all.push_back({x, step * std::exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi)});
  }
  return all;
}

/// The gradient of the ELBO, or of iw(2), of one datum.
std::vector<double> exact_gradient(const BlockModel& m, bool of_pairs) {
  Tape tape;
  const Recording recording(tape);
  const Batch batch(tape.leaf(m.data(1)));
  const auto q = m.vae->posterior(batch);
  const auto& blocks = q->product()->blocks();
  const DiagNormal& normal = *blocks[0].q->diagonal();
  const Tensor discrete = estimators::all_codes(m.vae->codes().blocks[1], DType::f64);
  const auto nodes = normal_nodes();
  const std::int64_t n = std::int64_t(nodes.size()), c = discrete.shape()[0],
                     w = discrete.shape()[2];
  Tensor node({n * c, 1, 1}, DType::f64), weight({n * c, 1}, DType::f64),
      code({n * c, 1, w}, DType::f64);
  for (std::int64_t i = 0; i < n * c; ++i) {
    node.set({i, 0, 0}, nodes[std::size_t(i / c)].first);
    weight.set({i, 0}, nodes[std::size_t(i / c)].second);
    for (std::int64_t d = 0; d < w; ++d) code.set({i, 0, d}, discrete.at({i % c, 0, d}));
  }
  const Var z = concatenate({normal.rsample(tape.leaf(node)), tape.leaf(code)}, -1);
  const Var f = m.vae->log_likelihood(z, batch) + m.vae->prior()->log_prob(z) - q->log_prob(z);
  const Var p = tape.leaf(weight) * exp(blocks[1].q->log_prob(tape.leaf(code)));  // [C, 1]
  Var value = sum(p * f);
  if (of_pairs) {
    const Var column = reshape(f, {n * c, 1}), row = reshape(f, {1, n * c});
    const Var higher = maximum(column, row);
    const Var bound = higher + log(0.5 * (exp(column - higher) + exp(row - higher)));
    value = sum(reshape(p, {n * c, 1}) * reshape(p, {1, n * c}) * bound);
  }
  GradientSink sink(m.store);
  tape.backward(value, all_groups, sink);
  return m.of_model(sink);
}

/// One backward pass, or one for the encoder and one for the others.
void differentiate(Tape& tape, Var value, const BlockModel& m, bool one_sweep, GradientSink& sink) {
  if (one_sweep) return tape.backward(value, all_groups, sink);
  const Groups encoder = m.vae->encoder();
  GradientSink own(m.store);
  sink.clear();
  tape.backward(value, all_groups & ~encoder, sink);
  tape.backward(value, encoder, own);
  sink.add(own);
}

/// The largest |z| of the mean gradient of an estimator against the exact one.
double worst_score(const BlockModel& m, const std::string& text, const Bound& bound,
                   const std::vector<double>& exact) {
  constexpr std::int64_t rows = 1000;
  constexpr int replicates = 40;
  const EstimatorChoice choice = parse_estimators(text);
  const bool one_sweep = choice.one_sweep(bound);
  std::vector<double> mean(exact.size()), square(exact.size());
  const Tensor noise({bound.samples(), rows, m.vae->codes().dimensions()}, DType::f64);
  for (int r = 0; r < replicates; ++r) {
    Tape own;
    const Recording inner(own);
    fill_noise(m.vae->codes(), noise, {.stream = {17, StreamId::user}, .step = std::uint64_t(r)},
               choice.coupling);
    Draw draw(*m.vae, Batch(own.leaf(m.data(rows))), own.leaf(noise), {}, &m.auxiliaries,
              choice.estimation(one_sweep));
    const Var value = nelbo::mean(estimate(draw, bound));
    GradientSink sink(m.store);
    differentiate(own, value, m, one_sweep, sink);
    const std::vector<double> gradient = m.of_model(sink);
    for (std::size_t i = 0; i < exact.size(); ++i) {
      mean[i] += gradient[i] / replicates;
      square[i] += gradient[i] * gradient[i] / replicates;
    }
  }
  double worst = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double variance = std::max(square[i] - mean[i] * mean[i], 0.0) / (replicates - 1);
    const double error = std::sqrt(variance) + 1e-12;
    worst = std::max(worst, std::fabs(mean[i] - exact[i]) / error);
  }
  return worst;
}

}  // namespace

// Some 25 derivatives of 20 estimators, with errors of 40 replicates: |t| above 5 at one of them has a
// probability of about 0.5 %.
TEST_CASE("blocks: mean gradients of the ELBO are those of enumeration and quadrature") {
  const BlockModel bits("diagonal:1+bernoulli:2"), rows("diagonal:1+categorical:3");
  const std::vector<double> of_bits = exact_gradient(bits, false),
                            of_rows = exact_gradient(rows, false);
  const Bound two = bounds::mc(2, bounds::elbo());
  for (const char* text :
       {"reparam+rloo", "stl+rloo", "dreg+rloo", "reparam+score", "score+rloo", "rloo",
        "reparam+arm", "stl+disarm", "reparam+rebar(temperature=0.5, eta=1)",
        "dreg+rebar(temperature=0.5, eta=1)", "reparam+relax(temperature=0.5, eta=1)"}) {
    const double worst = worst_score(bits, text, two, of_bits);
    INFO("bits, " << text << ": |t| up to " << worst);
    CHECK(worst < 5);
  }
  for (const char* text : {"reparam+rloo", "stl+score", "reparam+rebar(temperature=0.5, eta=1)",
                           "reparam+relax(temperature=0.5, eta=1)"}) {
    const double worst = worst_score(rows, text, two, of_rows);
    INFO("rows, " << text << ": |t| up to " << worst);
    CHECK(worst < 5);
  }
}

TEST_CASE("blocks: mean gradients of iw(2) are those of enumeration and quadrature of pairs") {
  const BlockModel m("diagonal:1+bernoulli:2");
  const std::vector<double> exact = exact_gradient(m, true);
  const Bound iw = bounds::iw(2);
  for (const char* text : {"reparam+vimco", "dreg+vimco", "reparam+score", "score+vimco",
                           "dreg+rebar(temperature=0.5, eta=1)"}) {
    const double worst = worst_score(m, text, iw, exact);
    INFO(text << ": |t| up to " << worst);
    CHECK(worst < 5);
  }
}

TEST_CASE("blocks: values do not depend on the estimator, and expectations have their gradients") {
  const BlockModel m("diagonal:1+bernoulli:2");
  const auto value_of = [&](const std::string& text) {
    const EstimatorChoice choice = parse_estimators(text);
    Tape tape;
    const Recording recording(tape);
    const Tensor noise({2, 5, 3}, DType::f64);
    fill_noise(m.vae->codes(), noise, {.stream = {3, StreamId::user}});
    Draw draw(*m.vae, Batch(tape.leaf(m.data(5))), tape.leaf(noise), {}, &m.auxiliaries,
              choice.estimation(false));
    return estimate(draw, bounds::iw(2)).value().values();
  };
  CHECK(value_of("reparam+vimco") == value_of("vimco"));
  CHECK(value_of("dreg+score") == value_of("vimco"));
}

TEST_CASE("blocks: what does not fit is refused with the reason") {
  const CodeSpace mixed = parse_posterior("diagonal:1+gamma:2+bernoulli:2+categorical:3").codes(0);
  const Bound two = bounds::mc(2, bounds::elbo());
  const auto unfit = [&](const char* text) { return parse_estimators(text).unfit(mixed); };
  const auto undefined = [](const char* text, const Bound& bound) {
    return [=] { parse_estimators(text).check(bound); };
  };
  CHECK(mixed.variables == 6);
  CHECK(mixed.dimensions() == 8);
  CHECK(unfit("reparam+reparam+rloo").empty());  // the last one is of both discrete blocks
  CHECK_THAT(unfit("reparam+rloo+rloo+rloo+rloo"), contains("5 estimators for 4 blocks"));
  CHECK_THAT(unfit("rloo+reparam"), contains("block 3: reparam: a binary posterior has no"));
  CHECK_THAT(unfit("reparam"), contains("has no reparameterised samples"));
  CHECK_THAT(unfit("reparam+reparam+arm"), contains("block 4: arm is for Bernoulli codes"));
  CHECK_THAT(unfit("dreg+reparam+rloo"), contains("weight the paths through their samples apart"));
  CHECK_THAT(unfit("reparam+reparam+rebar"), contains("learns its control variate for one block"));
  CHECK_THAT(unfit("reparam+reparam+rloo+rqmc"), contains("rqmc noise is for"));
  CHECK_THAT(parse_estimators("reparam+rloo").unfit(parse_posterior("diagonal").codes(2)),
             contains("give one estimator"));
  CHECK_THROWS_WITH(undefined("reparam+enumeration", two)(),
                    contains("enumeration is of all codes together"));
  CHECK_THROWS_WITH(undefined("reparam+wake_sleep", bounds::iw(2))(),
                    contains("is of all codes together"));
  CHECK_THROWS_WITH(undefined("piwae+rloo", bounds::mc(2, bounds::iw(2)))(),
                    contains("weights of its own for the decoder"));
  CHECK_THROWS_WITH(undefined("rloo+arm", two)(), contains("antithetic pairs"));
  CHECK_THROWS_WITH(undefined("phi=reparam+rloo,theta=reparam", two)(), contains("alone"));
  CHECK_THROWS_WITH(parse_estimators("reparam+rlo"), contains("rlo"));
  CHECK_THROWS_WITH(parse_posterior("diagonal:2+iaf:2"), contains("is no block of others"));
  CHECK_THROWS_WITH(parse_posterior("diagonal+bernoulli:2"),
                    contains("the number of latent variables of the block"));
}
