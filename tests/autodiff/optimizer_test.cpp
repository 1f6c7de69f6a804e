#include "autodiff/optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/threads.hpp"
#include "tests/autodiff/allocations.hpp"
#include "tests/autodiff/random_blocks.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

using Rule = OptimizerConfig::Rule;

/// Deterministic numbers in (-1, 1) that depend on the element and the step.
template <class T>
std::vector<T> wiggle(std::size_t n, double phase) {
  std::vector<T> x(n);
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = static_cast<T>(std::sin(1.7 * static_cast<double>(i) + phase) *
                          std::cos(0.31 * static_cast<double>(i) * phase));
  }
  return x;
}

/// The papers' formulas for one element, in double; t counts from 1.
struct Reference {
  double m = 0;
  double v = 0;

  void step(const OptimizerConfig& config, int t, double& p, double g, double eta) {
    if (config.rule == Rule::sgd) {
      m = config.momentum * m + g;
      p -= eta * m;
      return;
    }
    m = config.beta1 * m + (1 - config.beta1) * g;
    v = config.beta2 * v + (1 - config.beta2) * g * g;
    if (config.rule == Rule::adamw) p -= eta * config.weight_decay * p;
    const double c1 = config.bias_correction ? 1 - std::pow(config.beta1, t) : 1;
    const double c2 = config.bias_correction ? 1 - std::pow(config.beta2, t) : 1;
    if (config.epsilon_hat) {
      p -= eta * std::sqrt(c2) / c1 * m / (std::sqrt(v) + config.epsilon);
    } else {
      p -= eta * (m / c1) / (std::sqrt(v / c2) + config.epsilon);
    }
  }
};

OptimizerConfig make_config(Rule rule) {
  OptimizerConfig config;
  config.rule = rule;
  return config;
}

std::vector<OptimizerConfig> all_configs() {
  OptimizerConfig plain = make_config(Rule::sgd);
  OptimizerConfig momentum = plain;
  momentum.momentum = 0.9;
  OptimizerConfig adam = make_config(Rule::adam);
  OptimizerConfig uncorrected = adam;
  uncorrected.bias_correction = false;
  uncorrected.initial_second_moment = 0.25;
  OptimizerConfig adamw = make_config(Rule::adamw);
  adamw.weight_decay = 0.1;
  adamw.beta1 = 0.8;
  OptimizerConfig hat = adamw;
  hat.epsilon_hat = true;
  hat.epsilon = 1e-3;
  return {plain, momentum, adam, uncorrected, adamw, hat, OptimizerConfig::burda()};
}

}  // namespace

TEMPLATE_TEST_CASE("Optimisers follow their papers' formulas", "", float, double) {
  using T = TestType;
  // Ranges with a gap, in no order, with tails, one longer than a chunk, one empty.
  const std::vector<Range> ranges = {{64, 33001}, {3, 29}, {40, 0}};
  const std::size_t n = 33100;
  const double tolerance = sizeof(T) == 4 ? 1e-5 : 1e-13;
  under_each_isa([&] {
    for (const OptimizerConfig& config : all_configs()) {
      INFO(to_string(config));
      Optimizer optimizer(config, ranges, dtype_of<T>);
      CHECK(optimizer.size() == 33030);
      std::vector<T> p = wiggle<T>(n, 0.5);
      const std::vector<T> start = p;
      std::vector<double> expected(p.begin(), p.end());
      std::vector<Reference> reference(n, Reference{0, config.initial_second_moment});
      for (int t = 1; t <= 12; ++t) {
        const std::vector<T> g = wiggle<T>(n, t);
        const double eta = 0.01 / t;
        optimizer.step(p.data(), g.data(), eta);
        for (const Range& range : ranges) {
          for (std::size_t i = range.offset; i < range.offset + range.length; ++i) {
            reference[i].step(config, t, expected[i], static_cast<double>(g[i]), eta);
          }
        }
      }
      double error = 0;
      double moved = 0;
      for (std::size_t i = 0; i < n; ++i) {
        error = std::max(error, std::abs(static_cast<double>(p[i]) - expected[i]));
        const bool inside = (i >= 64 && i < 33065) || (i >= 3 && i < 32);
        if (!inside) moved = std::max(moved, std::abs(static_cast<double>(p[i] - start[i])));
      }
      CHECK(error < tolerance);
      CHECK(moved == 0);
      CHECK(optimizer.steps() == 12);
    }
  });
}

TEST_CASE("Adam's first step moves by the learning rate against the gradient's sign") {
  Optimizer adam(make_config(Rule::adam), {{0, 3}}, DType::f64);
  double p[3] = {1, 2, 3};
  const double g[3] = {1e-3, -50, 0};
  adam.step(p, g, 0.25);
  CHECK(p[0] == Approx(0.75).epsilon(1e-4));  // epsilon / |g| = 1e-5
  CHECK(p[1] == Approx(2.25).epsilon(1e-9));
  CHECK(p[2] == 3);
}

TEST_CASE("Burda's first step: the second moment starts at 1") {
  Optimizer adam(OptimizerConfig::burda(), {{0, 1}}, DType::f64);
  double p = 0;
  const double g = 2;
  adam.step(&p, &g, 0.1);
  // m / (1 - 0.99) = g; v = 0.999 + 0.001 * 4; sqrt(1 - 0.999) eta g / (sqrt(v) + 1e-4).
  CHECK(p == Approx(-0.1 * std::sqrt(0.001) * 2 / (std::sqrt(1.003) + 1e-4)).epsilon(1e-12));
}

TEST_CASE("Gradient descent on a quadratic has a closed form") {
  // f(p) = a p^2 / 2: p_t = (1 - eta a)^t p_0 without momentum; with momentum the linear recurrence
  // p_(t+1) = (1 + mu - eta a) p_t - mu p_(t-1), solved by the roots of its characteristic
  // polynomial.
  const double a = 2, eta = 0.1, mu = 0.5;
  OptimizerConfig config = make_config(Rule::sgd);
  Optimizer plain(config, {{0, 1}}, DType::f64);
  config.momentum = mu;
  Optimizer momentum(config, {{0, 1}}, DType::f64);
  double p = 1, q = 1;
  for (int t = 0; t < 20; ++t) {
    const double gp = a * p, gq = a * q;
    plain.step(&p, &gp, eta);
    momentum.step(&q, &gq, eta);
  }
  CHECK(p == Approx(std::pow(1 - eta * a, 20)).epsilon(1e-12));
  const double half =
      (1 + mu - eta * a) / 2;  // 0.65; half^2 - mu < 0: complex roots sqrt(mu) e^(+-i w)
  const double w = std::acos(half / std::sqrt(mu));
  // q_0 = 1, q_1 = 1 - eta a: q_t = mu^(t/2) (cos(w t) + c sin(w t)).
  const double c = ((1 - eta * a) / std::sqrt(mu) - std::cos(w)) / std::sin(w);
  CHECK(q == Approx(std::pow(mu, 10.0) * (std::cos(20 * w) + c * std::sin(20 * w))).epsilon(1e-9));
}

TEST_CASE("AdamW without gradient only decays: p_t = (1 - eta lambda)^t p_0") {
  OptimizerConfig config = make_config(Rule::adamw);
  config.weight_decay = 0.3;
  Optimizer optimizer(config, {{0, 2}}, DType::f64);
  double p[2] = {1, -4};
  const double g[2] = {0, 0};
  for (int t = 0; t < 50; ++t) optimizer.step(p, g, 0.1);
  CHECK(p[0] == Approx(std::pow(0.97, 50)).epsilon(1e-12));
  CHECK(p[1] == Approx(-4 * std::pow(0.97, 50)).epsilon(1e-12));
}

TEMPLATE_TEST_CASE("Clipping scales to the norm over all ranges, and only larger gradients", "",
                   float, double) {
  using T = TestType;
  under_each_isa([&] {
    const std::size_t n = 70000;
    const std::vector<Range> ranges = {{5, 40000}, {50000, 19990}};
    const std::vector<T> g = wiggle<T>(n, 1);
    long double square = 0;
    for (const Range& range : ranges) {
      for (std::size_t i = range.offset; i < range.offset + range.length; ++i) {
        square += static_cast<long double>(g[i]) * g[i];
      }
    }
    const double norm = static_cast<double>(std::sqrt(square));
    const OptimizerConfig config = make_config(Rule::sgd);
    Optimizer clipped(config, ranges, dtype_of<T>);
    CHECK(clipped.gradient_norm(g.data()) == Approx(norm).epsilon(1e-13));
    std::vector<T> p(n, T(0));
    clipped.step(p.data(), g.data(), 1, clip_scale(clipped.gradient_norm(g.data()), 2));
    // After one step of rate 1 from 0, -p is the clipped gradient: norm 2, same direction.
    CHECK(clipped.gradient_norm(p.data()) == Approx(2).epsilon(sizeof(T) == 4 ? 1e-6 : 1e-13));
    CHECK(p[5] == Approx(-g[5] * 2 / norm).epsilon(1e-5));
    CHECK(p[49000] == 0);

    // Above the norm, without a limit, and of what is no number: untouched.
    CHECK(clip_scale(norm, norm * 1.001) == 1);
    CHECK(clip_scale(norm, 0) == 1);
    CHECK(clip_scale(std::nan(""), 2) == 1);
  });
}

TEST_CASE("Optimisers give the same bits for 1, 2 and 7 threads") {
  const std::size_t before = num_threads();
  const std::size_t n = 300007;
  const auto run = [&](std::size_t threads, const OptimizerConfig& config) {
    set_num_threads(threads);
    Optimizer optimizer(config, {{1, 100000}, {100003, 200000}});
    std::vector<float> p = wiggle<float>(n, 0.5);
    for (int t = 1; t <= 5; ++t) {
      const std::vector<float> g = wiggle<float>(n, t);
      optimizer.step(p.data(), g.data(), 0.01, clip_scale(optimizer.gradient_norm(g.data()), 10));
    }
    return p;
  };
  for (const OptimizerConfig& config : all_configs()) {
    const std::vector<float> one = run(1, config);
    CHECK(same_bits(run(2, config), one));
    CHECK(same_bits(run(7, config), one));
  }
  set_num_threads(before);
}

TEST_CASE("Optimiser steps do not allocate") {
  std::vector<float> p(100, 1.0f), g(100, 0.1f);
  const double rates[] = {0.1, 0.2};
  for (const OptimizerConfig& config : all_configs()) {
    Optimizer optimizer(config, {{0, 40}, {40, 60}});
    optimizer.step(p.data(), g.data(), 0.1);
    const std::size_t before = allocations();
    for (int t = 0; t < 10; ++t) {
      optimizer.step(p.data(), g.data(), 0.1, clip_scale(optimizer.gradient_norm(g.data()), 0.5));
      optimizer.step(static_cast<void*>(p.data()), static_cast<const void*>(g.data()), rates);
    }
    CHECK(allocations() == before);
  }
}

TEST_CASE("An element's bits do not depend on where it lies in its range") {
  // Vector body and tail must round alike: 67 equal elements stay equal.
  under_each_isa([] {
    for (const OptimizerConfig& config : all_configs()) {
      INFO(to_string(config));
      Optimizer optimizer(config, {{0, 67}});
      std::vector<float> p(67, 0.3f);
      for (int t = 1; t <= 20; ++t) {
        const std::vector<float> g(67, 0.1f * static_cast<float>(t) - 0.77f);
        optimizer.step(p.data(), g.data(), 0.013);
      }
      CHECK(std::count(p.begin(), p.end(), p[0]) == 67);
    }
  });
}

TEST_CASE("Saved state continues with the same bits") {
  for (const OptimizerConfig& config : all_configs()) {
    INFO(to_string(config));
    const std::vector<Range> ranges = {{2, 50}, {60, 31}};
    std::vector<float> p = wiggle<float>(100, 0.5);
    Optimizer optimizer(config, ranges);
    for (int t = 1; t <= 4; ++t) optimizer.step(p.data(), wiggle<float>(100, t).data(), 0.01);

    Optimizer resumed(config, ranges);
    const auto saved = optimizer.state();
    const auto restored = resumed.state();
    REQUIRE(saved.size() == restored.size());
    REQUIRE(saved.size() == (config.rule == Rule::sgd ? (config.momentum > 0 ? 1u : 0u) : 2u));
    for (std::size_t i = 0; i < saved.size(); ++i) {
      CHECK(std::string(saved[i].name) == (i == 0 ? "m" : "v"));
      CHECK(saved[i].values.shape() == Shape{81});
      restored[i].values.copy_from(saved[i].values);
    }
    resumed.set_steps(optimizer.steps());
    std::vector<float> q = p;
    for (int t = 5; t <= 8; ++t) {
      const std::vector<float> g = wiggle<float>(100, t);
      optimizer.step(p.data(), g.data(), 0.01);
      resumed.step(q.data(), g.data(), 0.01);
    }
    CHECK(same_bits(p, q));

    // reset() starts over.
    Optimizer fresh(config, ranges);
    optimizer.reset();
    p = q = wiggle<float>(100, 0.5);
    const std::vector<float> g = wiggle<float>(100, 9);
    optimizer.step(p.data(), g.data(), 0.01);
    fresh.step(q.data(), g.data(), 0.01);
    CHECK(same_bits(p, q));
  }
}

TEST_CASE("Each range has a rate of its own, to the bits of an optimiser of its own") {
  // The first is longer than a chunk; the last stays as it is.
  const std::vector<Range> ranges = {{100, 40000}, {3, 29}, {40, 50}};
  const std::vector<double> rates = {0.01, 0.3, 0};
  const std::size_t n = 40200;
  for (const OptimizerConfig& config : all_configs()) {
    INFO(to_string(config));
    Optimizer together(config, ranges);
    std::vector<float> p = wiggle<float>(n, 0.5);
    std::vector<float> expected = p;
    std::vector<Optimizer> alone;
    for (const Range& range : ranges) alone.emplace_back(config, std::vector<Range>{range});
    for (int t = 1; t <= 5; ++t) {
      const std::vector<float> g = wiggle<float>(n, t);
      together.step(static_cast<void*>(p.data()), static_cast<const void*>(g.data()), rates);
      for (std::size_t i = 0; i < 3; ++i) alone[i].step(expected.data(), g.data(), rates[i]);
    }
    CHECK(same_bits(p, expected));
    CHECK(p[45] == wiggle<float>(n, 0.5)[45]);
    const double two[] = {1, 2};
    CHECK_THROWS_WITH(
        together.step(static_cast<void*>(p.data()), static_cast<const void*>(p.data()), two),
        contains("2 learning rates for 3 ranges"));
  }
}

TEST_CASE("A non-finite gradient shows in the parameters, clipped or not") {
  const OptimizerConfig config = make_config(Rule::adam);
  for (const double clip : {0.0, 1.0}) {
    Optimizer optimizer(config, {{0, 2}});
    float p[2] = {1, 1};
    const float g[2] = {std::numeric_limits<float>::quiet_NaN(), 1};
    optimizer.step(p, g, 0.1, clip_scale(optimizer.gradient_norm(g), clip));
    CHECK(std::isnan(p[0]));
  }
}

TEST_CASE("Wrong optimiser settings are refused by name") {
  const auto refused = [](auto edit, const char* name) {
    OptimizerConfig config;
    edit(config);
    try {
      Optimizer optimizer(config, {{0, 1}});
    } catch (const Error& error) {
      return std::string(error.what()).find(name) != std::string::npos;
    }
    return false;
  };
  CHECK(refused([](auto& c) { c.beta1 = 1; }, "beta1"));
  CHECK(refused([](auto& c) { c.beta2 = -0.1; }, "beta2"));
  CHECK(refused([](auto& c) { c.epsilon = 0; }, "epsilon"));
  CHECK(refused([](auto& c) { c.epsilon = 1e-50; }, "epsilon"));  // 0 as a float
  CHECK(refused([](auto& c) { c.epsilon = 1e39; }, "epsilon"));
  CHECK(refused([](auto& c) { c.initial_second_moment = 1e39; }, "initial_second_moment"));
  CHECK(refused([](auto& c) { c.initial_second_moment = -1; }, "initial_second_moment"));
  CHECK(refused([](auto& c) { c.weight_decay = 0.1; }, "weight_decay"));
  CHECK(refused([](auto& c) { c.rule = Rule::sgd, c.momentum = 1; }, "momentum"));
  CHECK_FALSE(refused([](auto&) {}, ""));
  CHECK_THROWS_AS(Optimizer(OptimizerConfig{}, {{0, 10}, {9, 2}}), Error);
  CHECK_THROWS_AS(Optimizer(OptimizerConfig{}, {{0, 10}}, DType::i32), Error);
  CHECK_NOTHROW(Optimizer(OptimizerConfig{}, {{10, 2}, {0, 10}}));

  Optimizer single(OptimizerConfig{}, {{0, 1}});
  double p = 0, g = 0;
  CHECK_THROWS_AS(single.step(&p, &g, 0.1), Error);
  CHECK_THROWS_AS(single.gradient_norm(&g), Error);
}

TEST_CASE("Optimisers print their rule and numbers") {
  OptimizerConfig config;
  CHECK(to_string(config) == "adam(beta1=0.9, beta2=0.999, epsilon=1e-08)");
  config.rule = Rule::adamw;
  config.weight_decay = 0.01;
  CHECK(to_string(config) == "adamw(beta1=0.9, beta2=0.999, epsilon=1e-08, weight_decay=0.01)");
  CHECK(to_string(OptimizerConfig::burda()) ==
        "adam(beta1=0.99, beta2=0.999, epsilon_hat=1e-04, initial_second_moment=1)");
  config = make_config(Rule::sgd);
  config.momentum = 0.9;
  CHECK(to_string(config) == "sgd(momentum=0.9)");
}
