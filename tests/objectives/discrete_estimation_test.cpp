// Estimators of discrete codes: their expectations as sums over all tuples of codes, or integrals
// over the noise, against the derivative of the summed bound.
#include <algorithm>
#include <cmath>
#include <optional>
#include <sstream>
#include <vector>

#include "autodiff/error.hpp"
#include "objectives/draw.hpp"
#include "objectives/estimators/disarm.hpp"
#include "objectives/estimators/estimators.hpp"
#include "tests/catch.hpp"
#include "tests/objectives/discrete_tuples.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

constexpr std::int64_t X = 5, L = 2;

/// A model in double with 4 or 9 codes, and one datum.
struct Model {
  explicit Model(const std::string& posterior) {
    VaeConfig config;
    config.example = {X};
    config.latent = L;
    config.hidden = {4};
    config.posterior = parse_posterior(posterior);
    config.prior = simplest_prior(config.posterior);
    vae.emplace(config, DataMoments{Tensor::full({X}, 0.4), Tensor::full({X}, 0.24)}, store);
    store.freeze(3);
    // Away from the even odds that a new encoder gives.
    const Tensor head = store.tensor("encoder.head.bias");
    for (std::int64_t j = 0; j < head.size(); ++j) head.set({j}, 0.9 - 0.7 * double(j));
    x = Tensor({1, X}, DType::f64);
    for (std::int64_t j = 0; j < X; ++j) x.set({0, j}, double(j % 2));
  }
  const PosteriorConfig& family() const { return vae->config().posterior; }
  std::int64_t dimensions() const { return vae->dimensions(); }
  Groups phi() const { return store.groups({"phi"}); }

  ParameterStore store{DType::f64};
  std::optional<Vae> vae;
  Tensor x;
};

/// Noise [S, T, D] with probabilities [T]: T draws of one datum that stand for all.
struct Nodes {
  Tensor noise, probability;
};

/// How one variable of one sample, or of an antithetic pair, can fall.
struct Outcome {
  std::vector<double> noise;
  double probability;
};

/// Every combination of the outcomes of `units` samples (or pairs of `draws` = 2) and L variables.
/// outcomes[l]: of variable l, each with draws x width numbers.
Nodes combine(const std::vector<std::vector<Outcome>>& outcomes, std::int64_t units,
              std::int64_t draws, std::int64_t width) {
  std::int64_t total = 1;
  for (std::int64_t u = 0; u < units; ++u) {
    for (const auto& of : outcomes) total *= std::int64_t(of.size());
  }
  Nodes nodes{Tensor({units * draws, total, std::int64_t(outcomes.size()) * width}, DType::f64),
              Tensor({total}, DType::f64)};
  for (std::int64_t t = 0; t < total; ++t) {
    std::int64_t rest = t;
    double probability = 1;
    for (std::int64_t u = 0; u < units; ++u) {
      for (std::size_t l = 0; l < outcomes.size(); ++l) {
        const Outcome& of = outcomes[l][std::size_t(rest) % outcomes[l].size()];
        rest /= std::int64_t(outcomes[l].size());
        probability *= of.probability;
        for (std::int64_t s = 0; s < draws; ++s) {
          for (std::int64_t w = 0; w < width; ++w) {
            nodes.noise.set({u * draws + s, t, std::int64_t(l) * width + w},
                            of.noise[std::size_t(s * width + w)]);
          }
        }
      }
    }
    nodes.probability.set({t}, probability);
  }
  return nodes;
}

std::vector<double> probabilities(const Model& model) {
  Tape tape;
  const Recording recording(tape);
  return model.vae->posterior(tape.leaf(model.x)).expectation().value().values();
}

/// Noise that draws every tuple of codes.
Nodes tuple_nodes(const Model& model, std::int64_t samples) {
  const std::vector<double> p = probabilities(model);
  const std::int64_t width = model.family().width();
  std::vector<std::vector<Outcome>> outcomes(L);
  for (std::size_t l = 0; l < L; ++l) {
    if (width == 1) {
      outcomes[l] = {{{p[l] / 2}, p[l]}, {{(1 + p[l]) / 2}, 1 - p[l]}};
      continue;
    }
    for (std::int64_t k = 0; k < width; ++k) {  // a large Gumbel number for class k
      std::vector<double> noise(std::size_t(width), 1e-3);
      noise[std::size_t(k)] = 1 - 1e-6;
      outcomes[l].push_back({noise, p[l * std::size_t(width) + std::size_t(k)]});
    }
  }
  return combine(outcomes, samples, 1, width);
}

/// Noise that draws every tuple of antithetic pairs of binary codes.
Nodes pair_nodes(const Model& model, std::int64_t samples) {
  const std::vector<double> p = probabilities(model);
  std::vector<std::vector<Outcome>> outcomes(L);
  for (std::size_t l = 0; l < L; ++l) {
    const double least = std::min(p[l], 1 - p[l]);
    for (const auto& [u, share] : {std::pair{least / 2, least}, std::pair{0.5, 1 - 2 * least},
                                   std::pair{1 - least / 2, least}}) {
      outcomes[l].push_back({{u, 1 - u}, share});
    }
  }
  return combine(outcomes, samples / 2, 2, 1);
}

/// Gauss and Legendre's nodes of the noise of one sample, apart on both sides of p.
Nodes quadrature_nodes(const Model& model) {
  constexpr int n = 24;
  std::vector<double> at(n), weight(n);
  for (int i = 0; i < n; ++i) {  // Newton's iteration for the roots of P_n
    double x = std::cos(M_PI * (i + 0.75) / (n + 0.5)), slope = 1;
    for (int step = 0; step < 50; ++step) {
      double before = 1, now = x;
      for (int k = 2; k <= n; ++k) {
        const double next = ((2 * k - 1) * x * now - (k - 1) * before) / k;
        before = now;
        now = next;
      }
      slope = n * (x * now - before) / (x * x - 1);
      x -= now / slope;
    }
    at[std::size_t(i)] = (1 + x) / 2;
    weight[std::size_t(i)] = 1 / ((1 - x * x) * slope * slope);
  }
  const std::vector<double> p = probabilities(model);
  std::vector<std::vector<Outcome>> outcomes(L);
  for (std::size_t l = 0; l < L; ++l) {
    for (std::size_t i = 0; i < n; ++i) {
      outcomes[l].push_back({{p[l] * at[i]}, p[l] * weight[i]});
      outcomes[l].push_back({{p[l] + (1 - p[l]) * at[i]}, (1 - p[l]) * weight[i]});
    }
  }
  return combine(outcomes, 1, 1, 1);
}

struct Gradient {
  std::vector<double> phi, theta;
  double value = 0;
};

Gradient split(const Model& model, const GradientSink& sink, double value) {
  const auto of = [&](const char* group) {
    const Range range = model.store.range(group);
    const double* const g = sink.buffer().data_as<double>() + range.offset;
    return std::vector<double>(g, g + range.length);
  };
  return {of("phi"), of("theta"), value};
}

/// sum_t probability_t of the estimator's gradient and value at noise t.
Gradient expected(const Model& model, const Bound& bound, const EstimatorChoice& choice,
                  const Nodes& nodes, bool one_sweep) {
  Tape tape;
  const Recording recording(tape);
  const Estimation estimation{choice, model.phi(), nullptr, one_sweep};
  const Var x = tape.leaf(repeated(model.x, nodes.noise.shape()[1]));
  Draw draw(*model.vae, x, tape.leaf(nodes.noise), {}, nullptr, &estimation);
  const Var value = sum(tape.leaf(nodes.probability) * draw.estimate(bound));
  GradientSink sink(model.store), own(model.store);
  if (one_sweep) {
    tape.backward(value, all_groups, sink);
  } else {
    tape.backward(value, ~model.phi(), sink);
    tape.backward(value, model.phi(), own);
    sink.add(own);
  }
  return split(model, sink, value.item());
}

Gradient exact(const Model& model, const Bound& bound) {
  Tape tape;
  const Recording recording(tape);
  const Var value = expected_bound(
      bound, model.family(), model.dimensions(), model.x,
      [&](Var x) { return model.vae->posterior(x); },
      [&](Var z, Var x) {
        return model.vae->log_likelihood(z, x) + model.vae->prior()->log_prob(z);
      });
  GradientSink sink(model.store);
  tape.backward(value, all_groups, sink);
  return split(model, sink, value.item());
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::fabs(a[i] - b[i]));
  return largest;
}

std::vector<EstimatorChoice> estimators_of(const Model& model) {
  using namespace estimators;
  std::vector<EstimatorChoice> all{score(),
                                   rloo(),
                                   vimco(),
                                   vimco(OthersMean::arithmetic),
                                   ovis(0),
                                   ovis(1),
                                   wake_sleep(1),
                                   {vimco(), piwae()},
                                   enumeration(),
                                   {score(), enumeration()},
                                   {enumeration(), score()}};
  if (model.family().kind == PosteriorConfig::Kind::bernoulli) {
    all.insert(all.end(), {disarm(), {disarm(), enumeration()}});
  }
  return all;
}

bool defined(const EstimatorChoice& choice, const Bound& bound) {
  return choice.phi.properties().undefined(bound).empty() &&
         choice.theta.properties().undefined(bound).empty();
}

bool pairs(const EstimatorChoice& choice) {
  return choice.phi.properties().codes == Estimator::Codes::pairs;
}

}  // namespace

TEST_CASE("discrete estimators: the summed bound's derivative is that of finite differences") {
  for (const char* name : {"bernoulli", "categorical:3"}) {
    Model model(name);
    for (const Bound& bound : {bounds::elbo(), bounds::iw(2), bounds::renyi(.5, 3)}) {
      const Gradient of = exact(model, bound);
      for (const char* group : {"phi", "theta"}) {
        const Range range = model.store.range(group);
        auto* const parameters = static_cast<double*>(model.store.data()) + range.offset;
        const std::vector<double>& g = std::string(group) == "phi" ? of.phi : of.theta;
        for (std::size_t j = 0; j < range.length; j += 3) {
          const double before = parameters[j], step = 1e-5;
          parameters[j] = before + step;
          const double up = exact(model, bound).value;
          parameters[j] = before - step;
          const double down = exact(model, bound).value;
          parameters[j] = before;
          CHECK((up - down) / (2 * step) == Approx(g[j]).margin(2e-9).epsilon(1e-6));
        }
      }
    }
  }
}

TEST_CASE("discrete estimators: expectations over all codes are the exact gradient, or not") {
  std::ostringstream biases;
  for (const char* name : {"bernoulli", "categorical:3"}) {
    const Model model(name);
    for (const Bound& bound : small_bounds()) {
      if (bound.samples() > 3 && model.family().values() > 2) continue;  // 9^4 tuples
      const Gradient truth = exact(model, bound);
      for (const EstimatorChoice& choice : estimators_of(model)) {
        if (!defined(choice, bound)) continue;
        INFO(name << " " << bound.text() << " " << choice.text());
        const Nodes nodes = pairs(choice) ? pair_nodes(model, bound.samples())
                                          : tuple_nodes(model, bound.samples());
        for (const bool one_sweep : {true, false}) {
          if (one_sweep && !choice.one_sweep(bound)) continue;
          const Gradient g = expected(model, bound, choice, nodes, one_sweep);
          if (choice.theta.unbiased_for_decoder()) {
            CHECK(g.value == Approx(truth.value).epsilon(1e-12));
            CHECK(distance(g.theta, truth.theta) < 1e-10);
          } else if (bound.groups() > 1) {
            CHECK(distance(g.theta, truth.theta) > 1e-5);
          }
          if (choice.phi.unbiased(bound)) {
            CHECK(distance(g.phi, truth.phi) < 1e-10);
          } else {
            CHECK(distance(g.phi, truth.phi) > 1e-5);
            if (one_sweep) {
              biases << "\n  " << name << " " << bound.text() << " " << choice.text() << ": "
                     << distance(g.phi, truth.phi);
            }
          }
        }
      }
    }
  }
  WARN("largest bias of a coordinate of phi:" << biases.str());
}

TEST_CASE("discrete estimators: relaxed codes are biased, by quadrature over the noise") {
  using namespace estimators;
  std::ostringstream biases;
  const Model model("bernoulli");
  const Nodes nodes = quadrature_nodes(model);
  const Bound bound = bounds::elbo();
  const Gradient truth = exact(model, bound);
  // The rule is right: the score function's mean is the truth.
  CHECK(distance(expected(model, bound, score(), nodes, true).phi, truth.phi) < 1e-12);
  for (const double temperature : {0.5, 1.0}) {
    for (const Estimator& estimator :
         {gumbel_softmax(temperature), estimators::straight_through(temperature)}) {
      INFO(estimator.text());
      CHECK_FALSE(estimator.unbiased(bound));
      const Gradient g = expected(model, bound, estimator, nodes, true);
      CHECK(g.value == Approx(truth.value).epsilon(1e-12));  // the samples'
      CHECK(distance(g.phi, truth.phi) > 1e-4);
      CHECK((distance(g.theta, truth.theta) < 1e-10) == estimator.unbiased_for_decoder());
      biases << "\n  " << estimator.text() << ": phi " << distance(g.phi, truth.phi) << ", theta "
             << distance(g.theta, truth.theta);
    }
  }
  WARN("largest bias of a coordinate, elbo, bernoulli:" << biases.str());
}

TEST_CASE("discrete estimators: gumbel_softmax is the derivative of the bound at relaxed codes") {
  using namespace estimators;
  for (const char* name : {"bernoulli", "categorical:3"}) {
    Model model(name);
    const Bound bound = bounds::iw(3);
    const std::int64_t T = 2;
    Nodes nodes{Tensor({3, T, model.dimensions()}, DType::f64), Tensor::full({T}, 1, DType::f64)};
    fill_uniform(nodes.noise.data_as<double>(), {.stream = {5, StreamId::noise},
                                                 .draws = 3,
                                                 .batch = std::size_t(T),
                                                 .dimensions = std::size_t(model.dimensions())});
    // In plain terms: sum z log pi, with z = softmax((l + g)/T) or its binary form.
    const auto relaxed = [&] {
      Tape tape;
      const Recording recording(tape);
      const Var x = tape.leaf(repeated(model.x, T)), u = tape.leaf(nodes.noise);
      const Posterior q = model.vae->posterior(x);
      const Var t = tape.constant(0.7, DType::f64);
      const Var log_ratio = log(u) - log(1.0 - u);
      const Var z = q.visit([&]<class Q>(const Q& of) -> Var {
        if constexpr (std::is_same_v<Q, Bernoulli>) {
          return sigmoid((of.logits - log_ratio) / t);
        } else if constexpr (std::is_same_v<Q, OneHotCategorical>) {
          const Var g = reshape(-log(-log(u)), {3, T, L, 3});
          return reshape(softmax((of.logits + g) / t, -1), u.shape());
        } else {
          return u;
        }
      });
      const Var log_q = q.visit([&]<class Q>(const Q& of) -> Var {
        if constexpr (std::is_same_v<Q, Bernoulli>) {
          const Var pi = sigmoid(of.logits);
          return sum(z * log(pi) + (1.0 - z) * log(1.0 - pi), -1);
        } else if constexpr (std::is_same_v<Q, OneHotCategorical>) {
          return sum(z * reshape(log_softmax(of.logits, -1), {T, L * 3}), -1);
        } else {
          return sum(z, -1);
        }
      });
      const double log_p0 = -double(L) * std::log(double(model.family().values()));
      const Var f = model.vae->log_likelihood(z, x) + log_p0 - log_q;
      const Var value = sum(bound_value(bound, f));
      GradientSink sink(model.store);
      tape.backward(value, all_groups, sink);
      return split(model, sink, value.item());
    };
    const Gradient plain = relaxed();
    const Gradient g = expected(model, bound, gumbel_softmax(0.7), nodes, true);
    CHECK(distance(g.phi, plain.phi) < 1e-12);
    CHECK(distance(g.theta, plain.theta) < 1e-12);
    const Gradient hard = expected(model, bound, score(), nodes, true);
    CHECK(g.value == hard.value);
    CHECK(g.value != Approx(plain.value).epsilon(1e-6));

    // Of one group alone, the other's comes from the samples.
    const Gradient of_phi = expected(model, bound, {gumbel_softmax(0.7), score()}, nodes, false);
    CHECK(distance(of_phi.phi, plain.phi) < 1e-12);
    CHECK(distance(of_phi.theta, hard.theta) < 1e-12);
    CHECK(of_phi.value == hard.value);
    const Gradient of_theta = expected(model, bound, {score(), gumbel_softmax(0.7)}, nodes, false);
    CHECK(distance(of_theta.phi, hard.phi) < 1e-12);
    CHECK(distance(of_theta.theta, plain.theta) < 1e-12);
  }
}

TEST_CASE("discrete estimators: straight_through puts the relaxed codes' derivative in place") {
  using namespace estimators;
  for (const char* name : {"bernoulli", "categorical:3"}) {
    const Model model(name);
    const Bound bound = bounds::iw(2);
    Nodes nodes{Tensor({2, 1, model.dimensions()}, DType::f64), Tensor::full({1}, 1, DType::f64)};
    fill_uniform(nodes.noise.data_as<double>(), {.stream = {6, StreamId::noise},
                                                 .draws = 2,
                                                 .batch = 1,
                                                 .dimensions = std::size_t(model.dimensions())});
    // dL/dz at the samples first, then the relaxed codes with that cotangent.
    Tape tape;
    const Recording recording(tape);
    const Var x = tape.leaf(model.x);
    const Posterior q = model.vae->posterior(x);
    const Var hard = tape.leaf(q.sample(tape.leaf(nodes.noise)).value(), true);
    const Var f =
        model.vae->log_likelihood(hard, x) + model.vae->prior()->log_prob(hard) - q.log_prob(hard);
    const Var value = sum(bound_value(bound, f));
    GradientSink direct(model.store), through(model.store);
    tape.backward(value, all_groups, direct);
    const Tensor dz = tape.adjoint(hard).contiguous();
    const Var soft = q.relaxed_sample(tape.leaf(nodes.noise), 2);
    const Root root{soft, &dz};
    tape.backward({&root, 1}, all_groups & ~leaf_group, &through);
    direct.add(through);
    const Gradient plain = split(model, direct, value.item());
    for (const bool one_sweep : {true, false}) {
      const Gradient g = expected(model, bound, estimators::straight_through(2), nodes, one_sweep);
      CHECK(distance(g.phi, plain.phi) < 1e-12);
      CHECK(distance(g.theta, plain.theta) < 1e-12);
      CHECK(g.value == plain.value);
    }
  }
}

TEST_CASE("discrete estimators: the value is the same bits whatever the estimator") {
  using namespace estimators;
  for (const char* name : {"bernoulli", "categorical:3"}) {
    const Model model(name);
    for (const Bound& bound : small_bounds()) {
      const std::int64_t S = bound.samples();
      Nodes nodes{Tensor({S, 1, model.dimensions()}, DType::f64), Tensor::full({1}, 1, DType::f64)};
      nelbo::fill_noise(Noise::uniform, nodes.noise, {.stream = {8, StreamId::noise}},
                        Coupling::antithetic);
      const double plain = expected(model, bound, score(), nodes, true).value;
      std::vector<EstimatorChoice> all = estimators_of(model);
      all.insert(all.end(), {gumbel_softmax(), estimators::straight_through(0.5),
                             EstimatorChoice{gumbel_softmax(), score()}});
      for (const EstimatorChoice& choice : all) {
        if (!defined(choice, bound) || choice.theta.properties().other_decoder) continue;
        INFO(name << " " << bound.text() << " " << choice.text());
        const bool exact_value =
            choice.phi.text() == "enumeration" && choice.theta.text() == "enumeration";
        const Gradient g = expected(model, bound, choice, nodes, choice.one_sweep(bound));
        if (exact_value) {
          CHECK(g.value == Approx(exact(model, bounds::elbo()).value).epsilon(1e-13));
        } else {
          CHECK(g.value == plain);
        }
      }
    }
  }
}

TEST_CASE("discrete estimators: E (b - t)^2 has the gradient (1 - 2t) p (1 - p)") {
  // Tucker et al. (2017), t = 0.45, and Grathwohl et al. (2018), t = 0.499.
  for (const double t : {0.45, 0.499}) {
    for (const double logit : {0.0, 0.8, -2.5}) {
      const double p = 1 / (1 + std::exp(-logit)), truth = (1 - 2 * t) * p * (1 - p);
      const Bound bound = bounds::mc(2, bounds::elbo());
      const auto f = [&](int b) { return (b - t) * (b - t); };
      const auto weigh = [&](const EstimatorChoice& choice, int b, int other) {
        std::vector<double> values{f(b), f(other)}, a(2), h(2), score(2), rest(16);
        const double l = bound(values, a, h);
        const std::span<double> all(rest);
        Estimator::Weights w{l, all.first(2), all.subspan(2, 2), score, all.subspan(4)};
        choice({bound, values, a, h, l, 0}, w);
        // f does not depend on the logit: there is no term of log Q itself.
        if (!pairs(choice)) {
          for (std::size_t s = 0; s < 2; ++s) score[s] += a[s];
        }
        return score;
      };
      // Mean and variance over two samples, and over an antithetic pair.
      double mean = 0, squares = 0, pair_mean = 0, pair_squares = 0;
      for (const int b : {0, 1}) {
        for (const int other : {0, 1}) {
          const double q = (b ? p : 1 - p) * (other ? p : 1 - p);
          const std::vector<double> score = weigh(estimators::rloo(), b, other);
          const double g = score[0] * (b - p) + score[1] * (other - p);
          mean += q * g;
          squares += q * g * g;

          Tape tape;
          const Recording recording(tape);
          const Var l = tape.leaf(Tensor::full({1, 1}, logit, DType::f64), true);
          const Var z = tape.leaf(Tensor::of({double(b), double(other)}, {2, 1, 1}, DType::f64));
          const std::vector<double> weight = weigh(estimators::disarm(), b, other);
          const Tensor weights = Tensor::of({weight[0], weight[1]}, {2, 1}, DType::f64);
          tape.backward(sum(estimators::flips(Bernoulli{l}, z) * tape.leaf(weights)));
          const double flip = tape.adjoint(l).at({0, 0});
          const double least = std::min(p, 1 - p);
          const double joint = b != other ? least : (b == (p > 0.5)) ? 1 - 2 * least : 0;
          pair_mean += joint * flip;
          pair_squares += joint * flip * flip;
        }
      }
      INFO("t = " << t << ", logit " << logit);
      CHECK(mean == Approx(truth).epsilon(1e-12));
      CHECK(pair_mean == Approx(truth).epsilon(1e-12));
      CHECK(pair_squares - pair_mean * pair_mean <= (squares - mean * mean) * (1 + 1e-12));
    }
  }
}

TEST_CASE("discrete estimators: what does not fit a posterior or a bound says why") {
  using namespace estimators;
  const PosteriorConfig normal = parse_posterior("diagonal"), binary = parse_posterior("bernoulli"),
                        classes = parse_posterior("categorical:5");
  const auto why = [](const char* text, const PosteriorConfig& family, std::int64_t dimensions) {
    return parse_estimators(text).unfit(family, dimensions);
  };
  CHECK_THAT(why("gumbel_softmax", normal, 4), contains("differentiable as they are"));
  CHECK_THAT(why("straight_through(0.5)", normal, 4), contains("reparam, stl or dreg"));
  CHECK_THAT(why("phi=reparam,theta=gumbel_softmax", normal, 4), contains("discrete codes"));
  CHECK_THAT(why("disarm", normal, 4), contains("reparam+antithetic"));
  CHECK_THAT(why("enumeration", normal, 4), contains("cannot be counted"));
  CHECK_THAT(why("disarm", classes, 15), contains("rloo or vimco"));
  CHECK(why("enumeration", binary, 12).empty());
  CHECK_THAT(why("enumeration", binary, 13), contains("there are 8192; at most 4096"));
  CHECK_THAT(why("enumeration", classes, 30), contains("15625"));
  CHECK_THAT(why("enumeration", binary, 200), contains("more than 2^63"));
  for (const char* path : {"reparam", "stl", "dreg", "reparam(exact)", "rws_dreg"}) {
    CHECK_THAT(why(path, binary, 4), contains("no reparameterised samples"));
    CHECK(why(path, normal, 4).empty());
  }
  CHECK_THAT(why("straight_through+rqmc", binary, 4), contains("rqmc noise is for normal"));
  CHECK(why("straight_through+antithetic", binary, 4).empty());

  CHECK_THROWS_WITH(disarm().check(bounds::iw(2)), contains("ELBO"));
  CHECK_THROWS_WITH(disarm().check(bounds::mc(3, bounds::elbo())), contains("even k"));
  CHECK_THROWS_WITH(disarm().check(bounds::elbo()), contains("pairs"));
  CHECK_THROWS_WITH(enumeration().check(bounds::iw(2)), contains("ELBO"));
  CHECK_THROWS_WITH(gumbel_softmax(0), contains("temperature"));
  CHECK_THROWS_WITH(parse_estimators("disarm+rqmc").check(bounds::mc(2, bounds::elbo())),
                    contains("antithetic pairs already"));
  CHECK(parse_estimators("disarm").text() == "disarm");
  CHECK(parse_estimators("disarm").coupling == Coupling::antithetic);
  CHECK(parse_estimators("gumbel_softmax").text() == "gumbel_softmax(temperature=1)");
  CHECK(parse_estimators("phi=straight_through(temperature=0.5),theta=score").phi.text() ==
        "straight_through(temperature=0.5)");

  const Model model("bernoulli");
  Nodes nodes{Tensor::full({2, 1, L}, 0.3, DType::f64), Tensor::full({1}, 1, DType::f64)};
  CHECK_THROWS_WITH(expected(model, bounds::iw(2), dreg(), nodes, true),
                    contains("no reparameterised samples"));
}

TEST_CASE("discrete estimators: antithetic uniform numbers are exactly u and 1 - u") {
  const Tensor u({6, 3, 5}, DType::f64), u32({6, 3, 5}, DType::f32);
  nelbo::fill_noise(Noise::uniform, u, {.stream = {2, StreamId::noise}}, Coupling::antithetic);
  nelbo::fill_noise(Noise::uniform, u32, {.stream = {2, StreamId::noise}}, Coupling::antithetic);
  for (std::int64_t s = 0; s < 6; s += 2) {
    for (std::int64_t b = 0; b < 3; ++b) {
      for (std::int64_t d = 0; d < 5; ++d) {
        CHECK(u.at({s, b, d}) + u.at({s + 1, b, d}) == 1);
        CHECK(u32.at({s, b, d}) + u32.at({s + 1, b, d}) == 1);
      }
    }
  }
  CHECK_THROWS_WITH(
      nelbo::fill_noise(Noise::uniform, u, {.stream = {2, StreamId::noise}}, Coupling::rqmc),
      contains("rqmc"));
}
