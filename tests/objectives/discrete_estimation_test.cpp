// Estimators of discrete codes: their expectations as sums over all tuples of codes, or integrals
// over the noise, against the derivative of the summed bound.
#include <cmath>
#include <sstream>
#include <vector>

#include "autodiff/error.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/estimators/disarm.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/language/read_estimators.hpp"
#include "tests/catch.hpp"
#include "tests/objectives/discrete_nodes.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using namespace nelbo::tests::discrete;

TEST_CASE("discrete estimators: the summed bound's derivative is that of finite differences") {
  for (const char* name : {"bernoulli", "categorical:3"}) {
    Autoencoder model(name);
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
    const Autoencoder model(name);
    for (const Bound& bound : small_bounds()) {
      if (bound.samples() > 3 && model.codes().values() > 2) continue;  // 9^4 tuples
      const Gradient truth = exact(model, bound);
      for (const EstimatorChoice& choice : estimators_of(model)) {
        if (!defined(choice, bound)) continue;
        INFO(name << " " << bound.text() << " " << choice.text());
        const Nodes nodes = pairs(choice) ? pair_nodes(model, bound.samples())
                                          : tuple_nodes(model, bound.samples());
        for (const bool one_sweep : {true, false}) {
          if (one_sweep && !choice.one_sweep(bound)) continue;
          const Gradient g = expected(model, bound, choice, nodes, one_sweep);
          if (choice.theta.rule().unbiased_for_decoder()) {
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
  const Autoencoder model("bernoulli");
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
      CHECK((distance(g.theta, truth.theta) < 1e-10) == estimator.rule().unbiased_for_decoder());
      biases << "\n  " << estimator.text() << ": phi " << distance(g.phi, truth.phi) << ", theta "
             << distance(g.theta, truth.theta);
    }
  }
  WARN("largest bias of a coordinate, elbo, bernoulli:" << biases.str());
}

TEST_CASE("discrete estimators: gumbel_softmax is the derivative of the bound at relaxed codes") {
  using namespace estimators;
  for (const char* name : {"bernoulli", "categorical:3"}) {
    Autoencoder model(name);
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
      const auto q = model.vae->posterior(x);
      const Var t = tape.constant(0.7, DType::f64);
      const Var pi = q->expectation();  // [T, D], of either family
      Var z, log_q;
      if (const Bernoulli* const binary = q->binary()) {
        z = sigmoid((binary->logits - (log(u) - log(1.0 - u))) / t);
        log_q = sum(z * log(pi) + (1.0 - z) * log(1.0 - pi), -1);
      } else {
        const Var g = reshape(-log(-log(u)), {3, T, L, 3});
        z = reshape(softmax((reshape(log(pi), {T, L, 3}) + g) / t, -1), u.shape());
        log_q = sum(z * log(pi), -1);
      }
      const double log_p0 = -double(L) * std::log(double(model.codes().values()));
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
    const Autoencoder model(name);
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
    const auto q = model.vae->posterior(x);
    const Var hard = tape.leaf(q->draw(tape.leaf(nodes.noise)).z.value(), true);
    const Var f =
        model.vae->log_likelihood(hard, x) + model.vae->prior()->log_prob(hard) - q->log_prob(hard);
    const Var value = sum(bound_value(bound, f));
    GradientSink direct(model.store), through(model.store);
    tape.backward(value, all_groups, direct);
    const Tensor dz = tape.adjoint(hard).contiguous();
    const Var soft = q->relaxed_sample(tape.leaf(nodes.noise), 2);
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
    const Autoencoder model(name);
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
        if (!defined(choice, bound) || choice.theta == piwae()) continue;
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
          tape.backward(
              sum(estimators::flips(*posterior_of(Bernoulli{l}), z) * tape.leaf(weights)));
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
  using Kind = CodeSpace::Kind;
  const auto normal = [](std::int64_t l) { return CodeSpace{Kind::continuous, l}; };
  const auto binary = [](std::int64_t l) { return CodeSpace{Kind::binary, l}; };
  const auto classes = [](std::int64_t l) { return CodeSpace{Kind::one_hot, l, 5}; };
  const auto why = [](const char* text, const CodeSpace& codes) {
    return parse_estimators(text).unfit(codes);
  };
  CHECK_THAT(why("gumbel_softmax", normal(4)), contains("differentiable as they are"));
  CHECK_THAT(why("straight_through(0.5)", normal(4)), contains("reparam, stl or dreg"));
  CHECK_THAT(why("phi=reparam,theta=gumbel_softmax", normal(4)), contains("discrete codes"));
  CHECK_THAT(why("disarm", normal(4)), contains("reparam+antithetic"));
  CHECK_THAT(why("enumeration", normal(4)), contains("cannot be counted"));
  CHECK_THAT(why("disarm", classes(3)), contains("rloo or vimco"));
  CHECK(why("enumeration", binary(12)).empty());
  CHECK_THAT(why("enumeration", binary(13)), contains("there are 8192; at most 4096"));
  CHECK_THAT(why("enumeration", classes(6)), contains("15625"));
  CHECK_THAT(why("enumeration", binary(200)), contains("more than 2^63"));
  for (const char* path : {"reparam", "stl", "dreg", "reparam(exact)", "rws_dreg"}) {
    CHECK_THAT(why(path, binary(4)), contains("no reparameterised samples"));
    CHECK(why(path, normal(4)).empty());
  }
  CHECK_THAT(why("straight_through+rqmc", binary(4)), contains("rqmc noise is for continuous"));
  CHECK(why("straight_through+antithetic", binary(4)).empty());

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

  const Autoencoder model("bernoulli");
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
