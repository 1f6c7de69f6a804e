// The chain of two linear-Gaussian layers, exact, against the production draw of a hierarchy: the bound,
// its layers, importance weights, and the gradient estimators of both layers.
#include "models/worlds/linear_chain.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "autodiff/ops/reduce_ops.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/draw/estimate_bound.hpp"
#include "objectives/estimators/choice.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/terms/terms.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using Sizes = LinearChain::Sizes;

namespace {

struct World {
  explicit World(bool ladder, const Sizes& sizes = {}) : chain(store, with(sizes, ladder)) {
    chain.start(5);
  }
  static Sizes with(Sizes sizes, bool ladder) {
    sizes.ladder = ladder;
    return sizes;
  }
  ParameterStore store{DType::f64};
  LinearChain chain;
};

struct Sums {
  double n = 0, sum = 0, squares = 0;
  void add(double x) { n += 1, sum += x, squares += x * x; }
  double mean() const { return sum / n; }
  double variance() const { return squares / n - mean() * mean(); }
  /// How many standard errors the mean is from a number.
  double t(double exact) const {
    return (mean() - exact) / std::sqrt(std::max(variance(), 1e-300) / n);
  }
};

constexpr std::int64_t S = 5, B = 3, batches = 4000;

/// Calls `each` with the values of `record` for many draws of S samples of B data of the world.
template <class Record, class Each>
void for_each_draw(const World& world, const Tensor& x, Record&& record, Each&& each) {
  Tape tape({.mode = Tape::Mode::replay, .gradients = false});
  const std::int64_t d = world.chain.model().codes().dimensions();
  std::vector<Var> values;
  Var noise;
  std::unique_ptr<Draw> draw;
  {
    const Recording recording(tape);
    noise = tape.leaf({S, B, d}, DType::f64);
    draw = std::make_unique<Draw>(world.chain.model(), tape.leaf(x), noise);
    values = record(*draw);
    for (const Var& value : values) tape.keep(value);
  }
  for (std::int64_t i = 0; i < batches; ++i) {
    fill_noise(Noise::normal, tape.data(noise),
               {.stream = {11, StreamId::user}, .step = std::uint64_t(i)});
    tape.forward();
    each(values);
  }
}

/// Gives a world of 3 data and one variable a layer its own posterior: both layers of it are normals of one
/// dimension.
void set_posterior(const World& world, bool ladder) {
  const auto value = [&](const char* name) { return world.store.tensor(name); };
  const double v = value("prior.z1.head.weight").at({0, 0}),
               c = value("prior.z1.head.bias").at({0}),
               d = std::exp(value("prior.z1.head.bias").at({1})), noise = 0.5;
  // z1 | x: precision 1 / (v^2 + d) + a'a / noise.
  const double marginal = v * v + d;
  double squares = 0;
  for (std::int64_t i = 0; i < 3; ++i) {
    squares += std::pow(value("decoder.output.weight").at({0, i}), 2);
  }
  // A ladder's own part is the likelihood of z1: it knows nothing of the prior.
  const double own = ladder ? squares / noise : 1 / marginal + squares / noise;
  double start = ladder ? 0 : c / marginal;
  for (std::int64_t i = 0; i < 3; ++i) {
    const double a = value("decoder.output.weight").at({0, i}) / noise;
    value("encoder.z1.head.weight").set({i, 0}, a / own);
    start -= a * value("decoder.output.bias").at({i});
  }
  value("encoder.z1.head.bias").set({0}, start / own);
  value("encoder.z1.head.bias").set({1}, -std::log(own));
  if (ladder) {
    // z2 | x: x's likelihood of z1, N(m, 1 / own), seen through z1 = v z2 + c + noise of variance d.
    const double through = 1 / own + d, precision = 1 + v * v / through;
    double bias = -v * c / through / precision;
    for (std::int64_t i = 0; i < 3; ++i) {
      const double a = value("encoder.z1.head.weight").at({i, 0});
      value("encoder.z2.head.weight").set({i, 0}, v / through / precision * a);
    }
    bias += v / through / precision * value("encoder.z1.head.bias").at({0});
    value("encoder.z2.head.bias").set({0}, bias);
    value("encoder.z2.head.bias").set({1}, -std::log(precision));
  } else {
    const double precision = 1 + v * v / d;
    value("encoder.z2.head.weight").set({0, 0}, v / d / precision);
    value("encoder.z2.head.bias").set({0}, -v * c / d / precision);
    value("encoder.z2.head.bias").set({1}, -std::log(precision));
  }
}

}  // namespace

TEST_CASE("linear chain: nell, both layers and the bound are exact, bottom-up and as a ladder") {
  for (const bool ladder : {false, true}) {
    const World world(ladder);
    const Tensor x = world.chain.data(B, 3);
    std::vector<Sums> nell(B), first(B), second(B);
    std::vector<ChainTerms> exact;
    for (std::int64_t b = 0; b < B; ++b) {
      exact.push_back(world.chain.exact(x.slice(0, b, b + 1).reshape({x.shape()[1]})));
    }
    double off = 0;
    for_each_draw(
        world, x,
        [](Draw& draw) {
          return std::vector<Var>{draw.log_likelihood(), draw.codes().layer_divergence(0),
                                  draw.codes().layer_divergence(1), draw.log_weights()};
        },
        [&](const std::vector<Var>& values) {
          const Tensor p = values[0].value(), k1 = values[1].value(), k2 = values[2].value(),
                       w = values[3].value();
          for (std::int64_t s = 0; s < S; ++s) {
            for (std::int64_t b = 0; b < B; ++b) {
              const std::size_t i = std::size_t(b);
              nell[i].add(-p.at({s, b}));
              first[i].add(k1.at({s, b}));
              second[i].add(k2.at({s, b}));
              off = std::max(
                  off, std::fabs(p.at({s, b}) - k1.at({s, b}) - k2.at({s, b}) - w.at({s, b})));
            }
          }
        });
    CHECK(off < 1e-10);  // the layers add up to div(mc), sample by sample
    for (std::size_t b = 0; b < B; ++b) {
      CAPTURE(ladder, b, nell[b].t(exact[b].nell), first[b].t(exact[b].div1),
              second[b].t(exact[b].div2), exact[b].div1, exact[b].div2, exact[b].log_px);
      CHECK(std::fabs(nell[b].t(exact[b].nell)) < 4);
      CHECK(std::fabs(first[b].t(exact[b].div1)) < 4);
      CHECK(std::fabs(second[b].t(exact[b].div2)) < 4);
      CHECK(exact[b].elbo() < exact[b].log_px);
    }
  }
}

TEST_CASE("linear chain: with its own posterior every importance weight is log p(x)") {
  for (const bool ladder : {false, true}) {
    World world(ladder, {.data = 3, .first = 1, .second = 1});
    set_posterior(world, ladder);
    const Tensor x = world.chain.data(B, 3);
    Tensor normal({S, B, 2}, DType::f64);
    fill_noise(Noise::normal, normal, {.stream = {3, StreamId::user}});
    Tape tape;
    const Recording recording(tape);
    Draw draw(world.chain.model(), tape.leaf(x), tape.leaf(normal));
    const Tensor w = draw.log_weights().value(), iw = estimate(draw, bounds::iw(S)).value();
    for (std::int64_t b = 0; b < B; ++b) {
      const ChainTerms exact = world.chain.exact(x.slice(0, b, b + 1).reshape({3}));
      CAPTURE(ladder, b);
      CHECK(exact.elbo() == Approx(exact.log_px).epsilon(1e-12));
      CHECK(iw.at({b}) == Approx(exact.log_px).epsilon(1e-12));
      for (std::int64_t s = 0; s < S; ++s) {
        CHECK(w.at({s, b}) == Approx(exact.log_px).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE("linear chain: importance weights have the mean p(x)") {
  for (const bool ladder : {false, true}) {
    const World world(ladder, {.data = 3, .first = 1, .second = 1});
    set_posterior(world, ladder);
    // Beside the posterior, and wider, so that the weights have a variance.
    for (const char* name : {"encoder.z1.head.bias", "encoder.z2.head.bias"}) {
      const Tensor bias = world.store.tensor(name);
      bias.set({0}, bias.at({0}) + 0.1);
      bias.set({1}, bias.at({1}) + 0.3);
    }
    const Tensor x = world.chain.data(B, 3);
    std::vector<Sums> ratio(B);
    std::vector<double> log_px;
    for (std::int64_t b = 0; b < B; ++b) {
      log_px.push_back(world.chain.exact(x.slice(0, b, b + 1).reshape({x.shape()[1]})).log_px);
    }
    for_each_draw(
        world, x, [](Draw& draw) { return std::vector<Var>{draw.log_weights()}; },
        [&](const std::vector<Var>& values) {
          const Tensor w = values[0].value();
          for (std::int64_t s = 0; s < S; ++s) {
            for (std::int64_t b = 0; b < B; ++b) {
              ratio[std::size_t(b)].add(std::exp(w.at({s, b}) - log_px[std::size_t(b)]));
            }
          }
        });
    for (std::size_t b = 0; b < B; ++b) {
      CAPTURE(ladder, b, ratio[b].mean(), ratio[b].variance());
      CHECK(std::fabs(ratio[b].t(1)) < 4);
      CHECK(ratio[b].variance() > 1e-3);
    }
  }
}

namespace {

using Gradient = std::map<std::string, std::vector<double>>;  // by parameter

/// The gradients of many draws, for all parameters at once.
std::vector<Gradient> gradients(const World& world, const Tensor& x, const Bound& bound,
                                const EstimatorChoice& choice, std::size_t draws) {
  Tape tape({.mode = Tape::Mode::replay});
  const Recording recording(tape);
  const std::int64_t d = world.chain.model().codes().dimensions();
  const Var noise = tape.leaf({S, B, d}, DType::f64);
  Draw draw(world.chain.model(), tape.leaf(x), noise, {}, nullptr, choice.estimation(true));
  const Var value = mean(estimate(draw, bound));
  GradientSink sink(world.store);
  std::vector<Gradient> all;
  for (std::size_t i = 0; i < draws; ++i) {
    fill_noise(Noise::normal, tape.data(noise), {.stream = {23, StreamId::user}, .step = i});
    tape.forward();
    tape.backward(value, world.store.groups({"phi", "psi", "theta"}), sink);
    Gradient& own = all.emplace_back();
    for (std::uint32_t e = 0; e < world.store.entries().size(); ++e) {
      own[world.store.entries()[e].name] = sink.tensor(world.store, {e}).values();
    }
  }
  return all;
}

/// Of one parameter's numbers: the largest |t| of the differences' means, and both variances.
struct Compared {
  double t = 0, variance = 0, other = 0;
};

Compared compare(const std::vector<Gradient>& a, const std::vector<Gradient>& b,
                 const std::string& parameter) {
  Compared all;
  for (std::size_t j = 0; j < a.front().at(parameter).size(); ++j) {
    Sums difference, own, other;
    for (std::size_t i = 0; i < a.size(); ++i) {
      own.add(a[i].at(parameter)[j]);
      other.add(b[i].at(parameter)[j]);
      difference.add(a[i].at(parameter)[j] - b[i].at(parameter)[j]);
    }
    all.variance += own.variance();
    all.other += other.variance();
    if (difference.variance() < 1e-24 * (1 + other.variance())) continue;
    all.t = std::max(all.t, std::fabs(difference.t(0)));
  }
  return all;
}

}  // namespace

TEST_CASE("linear chain: dreg has reparam's mean in every parameter of both layers") {
  constexpr std::size_t draws = 6000;
  for (const bool ladder : {false, true}) {
    const World world(ladder);
    const Tensor x = world.chain.data(B, 3);
    for (const Bound& bound : {bounds::mc(S, bounds::elbo()), bounds::iw(S)}) {
      const auto reparam = gradients(world, x, bound, estimators::reparam(), draws),
                 dreg = gradients(world, x, bound, estimators::dreg(), draws);
      for (const char* parameter :
           {"encoder.z1.head.weight", "encoder.z1.head.bias", "encoder.z2.head.weight",
            "encoder.z2.head.bias", "prior.z1.head.weight", "prior.z1.head.bias",
            "decoder.output.weight", "decoder.output.bias"}) {
        const Compared of = compare(dreg, reparam, parameter);
        CAPTURE(ladder, bound.text(), parameter, of.t, of.variance, of.other);
        CHECK(of.t < 4.5);  // the largest of up to 24 differences of one parameter: p < 2e-4
      }
    }
  }
}

TEST_CASE(
    "linear chain: near the posterior dreg has a fraction of reparam's variance in both layers") {
  constexpr std::size_t draws = 2000;
  for (const bool ladder : {false, true}) {
    const World world(ladder, {.data = 3, .first = 1, .second = 1});
    set_posterior(world, ladder);
    for (const char* name : {"encoder.z1.head.bias", "encoder.z2.head.bias"}) {
      const Tensor bias = world.store.tensor(name);
      bias.set({0}, bias.at({0}) + 0.1);
    }
    const Tensor x = world.chain.data(B, 3);
    const auto reparam = gradients(world, x, bounds::iw(S), estimators::reparam(), draws),
               dreg = gradients(world, x, bounds::iw(S), estimators::dreg(), draws);
    for (const char* parameter : {"encoder.z1.head.weight", "encoder.z1.head.bias",
                                  "encoder.z2.head.weight", "encoder.z2.head.bias"}) {
      const Compared of = compare(dreg, reparam, parameter);
      CAPTURE(ladder, parameter, of.t, of.variance, of.other);
      CHECK(of.t < 4);
      CHECK(of.variance < of.other / 4);
    }
  }
}

TEST_CASE("linear chain: the mean gradient of the bound is that of its exact value") {
  constexpr std::size_t draws = 6000;
  for (const bool ladder : {false, true}) {
    World world(ladder);
    const Tensor x = world.chain.data(B, 3);
    const auto stl = gradients(world, x, bounds::mc(S, bounds::elbo()), estimators::stl(), draws);
    const auto exact = [&] {
      double sum = 0;
      for (std::int64_t b = 0; b < B; ++b) {
        sum += world.chain.exact(x.slice(0, b, b + 1).reshape({x.shape()[1]})).elbo() / B;
      }
      return sum;
    };
    double worst = 0;
    for (const auto& entry : world.store.entries()) {
      const Tensor values = world.store.tensor(entry.name);
      const bool head = entry.name.find(".head.weight") != std::string::npos;
      for (std::int64_t i = 0; i < values.size(); ++i) {
        // A variance that depends on its input is outside of the world.
        if (head && i % values.shape()[-1] >= values.shape()[-1] / 2) continue;
        double& at = values.data_as<double>()[i];
        const double centre = at, h = 1e-5;
        at = centre + h;
        const double above = exact();
        at = centre - h;
        const double below = exact();
        at = centre;
        Sums estimate;
        for (const Gradient& one : stl) estimate.add(one.at(entry.name)[std::size_t(i)]);
        const double wanted = (above - below) / (2 * h);
        CAPTURE(ladder, entry.name, i, wanted, estimate.mean());
        if (estimate.variance() < 1e-20) {
          CHECK(estimate.mean() == Approx(wanted).epsilon(1e-6).margin(1e-7));
          continue;
        }
        worst = std::max(worst, std::fabs(estimate.t(wanted)));
        CHECK(std::fabs(estimate.t(wanted)) < 4.5);
      }
    }
    CAPTURE(ladder, worst);
    CHECK(worst > 0.5);
  }
}
