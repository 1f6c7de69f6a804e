// The Rainforth toy as a differentiable model, against plain arithmetic.
#include <cmath>
#include <limits>
#include <numbers>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "models/worlds/rainforth.hpp"
#include "tests/catch.hpp"
#include "tests/models/support.hpp"
#include "tests/oracles.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

constexpr std::int64_t S = 3, B = 2;

/// A frozen store with the toy's parameters moved to uneven places.
struct Subject {
  explicit Subject(const RainforthConfig& config = {.dimensions = 5}) : toy(store, config) {
    store.freeze(1);
  }
  void move() {
    for (std::int64_t d = 0; d < toy.config().dimensions; ++d) {
      store.tensor("prior.mean").set({d}, 0.3 - 0.2 * double(d));
      store.tensor("encoder.bias").set({d}, -0.4 + 0.1 * double(d * d));
    }
  }
  ParameterStore store{DType::f64};
  RainforthToy toy;
};

}  // namespace

TEST_CASE("The Rainforth toy starts with the delta and the residual of its config") {
  Subject s({.dimensions = 4, .delta = -0.3, .residual = 0.7, .variance = 0.9});
  Tape tape;
  Recording recording(tape);
  const Normal q = s.toy.posterior(tape.leaf(s.toy.x()))->normal("test");
  REQUIRE(s.toy.x().shape() == Shape{1, 4});
  REQUIRE(q.expectation().shape() == Shape{1, 4});
  for (std::int64_t d = 0; d < 4; ++d) {
    const double x = s.toy.x().at({0, d}), mu = s.store.tensor("prior.mean").at({d});
    CHECK((x - mu) / 2 == Approx(0.7).epsilon(1e-15));
    CHECK(q.expectation().value().at({0, d}) - (x + mu) / 2 == Approx(-0.3).epsilon(1e-14));
    CHECK(std::exp(q.diagonal("test").log_variance.value().values()[std::size_t(d)]) ==
          Approx(0.9).epsilon(1e-15));
  }
  CHECK(s.store.groups({"phi", "theta"}) != 0);
}

TEST_CASE("The Rainforth toy's densities are those of its definition, with their gradients") {
  Subject s;
  s.move();
  const Tensor x = uneven({B, 5}, 1.3), z = uneven({S, B, 5}, 0.7);
  const Tensor weights = uneven({S, B}, 2.1);
  Tape tape;
  Recording recording(tape);
  const Var z_var = tape.leaf(z, true), x_var = tape.leaf(x, true);
  const Var joint = s.toy.log_joint(z_var, x_var), log_q = s.toy.posterior(x_var)->log_prob(z_var);
  REQUIRE(joint.shape() == Shape{S, B});
  const Tensor mu = s.store.tensor("prior.mean"), b = s.store.tensor("encoder.bias");
  Tensor dz(z.shape(), DType::f64), dx(x.shape(), DType::f64), dmu(mu.shape(), DType::f64);
  for (std::int64_t i = 0; i < S; ++i) {
    for (std::int64_t j = 0; j < B; ++j) {
      double expected = 0, expected_q = 0;
      for (std::int64_t d = 0; d < 5; ++d) {
        const double zd = z.at({i, j, d}), xd = x.at({j, d}), w = weights.at({i, j});
        expected += log_normal(xd, zd, 1) + log_normal(zd, mu.at({d}), 1);
        expected_q += log_normal(zd, xd / 2 + b.at({d}), 2.0 / 3);
        dz.set({i, j, d}, w * (xd + mu.at({d}) - 2 * zd));
        dx.set({j, d}, dx.at({j, d}) + w * (zd - xd));
        dmu.set({d}, dmu.at({d}) + w * (zd - mu.at({d})));
      }
      CHECK(joint.value().at({i, j}) == Approx(expected).epsilon(1e-13));
      CHECK(log_q.value().at({i, j}) == Approx(expected_q).epsilon(1e-13));
    }
  }
  GradientSink gradient(s.store);
  tape.backward(sum(tape.leaf(weights) * joint), all_groups, gradient);
  const auto check = [](const Tensor& given, const Tensor& expected) {
    const std::vector<double> g = given.values(), e = expected.values();
    for (std::size_t i = 0; i < e.size(); ++i) CHECK(g[i] == Approx(e[i]).epsilon(1e-12));
  };
  check(tape.adjoint(z_var), dz);
  check(tape.adjoint(x_var), dx);
  for (const ParameterStore::Entry& entry : s.store.entries()) {
    const Tensor g = gradient.buffer().slice(0, std::int64_t(entry.offset),
                                             std::int64_t(entry.offset) + entry.shape[0]);
    check(g.contiguous(), entry.name == "prior.mean" ? dmu : Tensor(mu.shape(), DType::f64));
  }
}

TEST_CASE("Where the Rainforth toy's encoder is the posterior, no path gradient is left") {
  Subject s({.dimensions = 20, .delta = 0, .residual = 1, .variance = 0.5});
  Tape tape;
  Recording recording(tape);
  const Var x = tape.leaf(s.toy.x());
  const Normal q = s.toy.posterior(x)->normal("test");
  const Var z = q.rsample(tape.leaf(uneven({7, 1, 20}, 0.9)));
  const Var log_weights = s.toy.log_joint(z, x) - q.detached().log_prob(z);
  // Every weight is P(x) = N(x; mu, 2 I).
  const double evidence = 20 * log_normal(2, 0, 2);
  for (const double f : log_weights.value().values()) {
    CHECK(f == Approx(evidence).epsilon(1e-13));
  }
  const auto largest = [&](Var loss) {
    GradientSink gradient(s.store);
    tape.backward(loss, s.store.groups({"phi"}), gradient);
    double worst = 0;
    for (const double g : gradient.buffer().values()) worst = std::max(worst, std::fabs(g));
    return worst;
  };
  CHECK(largest(mean(log_weights)) < 1e-12);
  CHECK(largest(sum(tape.leaf(uneven({7, 1}, 3.3)) * log_weights)) < 1e-12);
  CHECK(largest(mean(s.toy.log_joint(z, x) - q.log_prob(stop(z)))) > 0.1);
}

TEST_CASE("The Rainforth toy refuses what it cannot be") {
  const auto message = [](const RainforthConfig& config) {
    ParameterStore store;
    try {
      RainforthToy toy(store, config);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK_THAT(message({.dimensions = 0}), contains("0 dimensions"));
  CHECK_THAT(message({.variance = 0}), contains("variance 0"));
  CHECK_THAT(message({.variance = std::nan("")}), contains("variance"));
  CHECK_THAT(message({.delta = infinity}), contains("finite"));
  CHECK_THAT(message({.residual = std::nan("")}), contains("finite"));
}
