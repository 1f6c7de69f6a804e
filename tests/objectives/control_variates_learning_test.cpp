// What rebar and relax learn, temperature, eta and a network, against variances by quadrature.
#include <cmath>
#include <functional>
#include <vector>

#include "autodiff/ops.hpp"
#include "autodiff/optimizer.hpp"
#include "models/worlds/bernoulli_toy.hpp"
#include "objectives/language/estimator_words.hpp"
#include "tests/objectives/discrete_nodes.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using namespace nelbo::tests::discrete;

namespace {

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

/// One datum, one bit: f = (b - t)^2.
struct Toy {
  explicit Toy(double t, double first_logit, const Estimator& estimator)
      : target(t), logit(first_logit), estimator(estimator), model(store, {t}, logit) {
    for (const Auxiliary& own : estimator.rule().auxiliaries()) {
      auxiliaries.declare(own, store, model);
    }
    store.freeze(1);
  }
  /// The variance by quadrature over u of g = (f(b) - c)(b - p) + dc/dl, whose mean is known.
  double variance(double temperature, double eta) const {
    const double p = sigmoid_of(logit), truth = model.gradient(0);
    double squares = 0;
    constexpr int n = 4000;
    for (int i = 0; i < n; ++i) {
      const double u = (i + 0.5) / n, b = u < p ? 1 : 0;
      const double z = logit - std::log(u / (1 - u)), y = sigmoid_of(z / temperature);
      const double slope = 1 - (1 - std::exp(-std::fabs(z))) * sigmoid_of(b == 1 ? logit : -logit);
      const double c = eta * (y - target) * (y - target);
      const double dc = eta * 2 * (y - target) * y * (1 - y) / temperature * slope;
      const double g = ((b - target) * (b - target) - c) * (b - p) + dc;
      squares += g * g / n;
    }
    return squares - truth * truth;
  }

  double target, logit;
  Estimator estimator;
  ParameterStore store{DType::f64};
  BernoulliToy model;
  Auxiliaries auxiliaries;
};

/// T copies of the toy's datum with a noise each, spread evenly.
struct ToyDraw {
  explicit ToyDraw(const Toy& toy, std::int64_t copies = 1000) {
    Tensor u({1, copies, 1}, DType::f64);
    for (std::int64_t i = 0; i < copies; ++i) u.set({0, i, 0}, (double(i) + 0.5) / double(copies));
    draw.emplace(toy.model, tape.leaf(Tensor({copies, 1}, DType::f64)), tape.leaf(u), Population{},
                 &toy.auxiliaries, EstimatorChoice(toy.estimator).estimation(false));
    value = mean(estimate(*draw, bounds::elbo()));
  }
  Tape tape{{.mode = Tape::Mode::replay}};
  const Recording recording{tape};
  std::optional<Draw> draw;
  Var value;
};

}  // namespace

TEST_CASE("control variates: what rebar learns from is the variance of its gradient") {
  for (const double t : {0.45, 0.2}) {
    for (const double logit : {0.0, 0.8}) {
      Toy toy(t, logit, estimators::rebar());
      const double log_t = std::log(0.7), eta = 0.8;
      toy.store.tensor("rebar.log_temperature").set({0}, log_t);
      toy.store.tensor("rebar.eta").set({0}, eta);
      ToyDraw at(toy);
      at.tape.forward();
      GradientSink sink(toy.store);
      const Var loss = at.draw->losses().at("rebar");
      at.tape.backward(loss, toy.store.groups({"rebar"}), sink);
      const auto slope = [&](const char* name) {
        for (const auto& entry : toy.store.entries()) {
          if (entry.name == name) return sink.buffer().data_as<double>()[entry.offset];
        }
        return 0.0;
      };
      INFO("t = " << t << ", logit " << logit);
      const double truth = toy.model.gradient(0);
      CHECK(loss.item() - truth * truth == Approx(toy.variance(0.7, 0.8)).epsilon(2e-3));
      const double h = 1e-4;
      const auto variance = [&](double a, double b) { return toy.variance(std::exp(a), b); };
      CHECK(slope("rebar.log_temperature") ==
            Approx((variance(log_t + h, eta) - variance(log_t - h, eta)) / (2 * h)).epsilon(5e-3));
      CHECK(slope("rebar.eta") ==
            Approx((variance(log_t, eta + h) - variance(log_t, eta - h)) / (2 * h)).epsilon(5e-3));
    }
  }
}

// Where f is bent between the bits, as near t = 1/2, c at relaxed codes says little of f at the bits, and eta
// falls towards 0 (Grathwohl et al. 2018, section 5.1); where it rises from 0 to 1, rebar's first numbers help.
TEST_CASE("control variates: learned, rebar has less variance than at first and than the score") {
  for (const double t : {0.45, 0.499, -1.0}) {
    Toy toy(t, 0, estimators::rebar());
    ToyDraw at(toy);
    GradientSink sink(toy.store);
    Optimizer adam({}, {toy.store.range("rebar")}, DType::f64);
    for (int step = 0; step < 1500; ++step) {
      at.tape.forward();
      at.tape.backward(at.draw->losses().at("rebar"), toy.store.groups({"rebar"}), sink);
      adam.step(toy.store.data(), sink.data(), 0.01);
    }
    const double temperature = std::exp(toy.store.tensor("rebar.log_temperature").at({0}));
    const double eta = toy.store.tensor("rebar.eta").at({0});
    const double learned = toy.variance(temperature, eta), first = toy.variance(0.5, 1),
                 score = toy.variance(1, 0);
    WARN("t = " << t << ": variance by score " << score << ", rebar(0.5, 1) " << first
                << ", learned " << learned << " at T = " << temperature << ", eta = " << eta);
    CHECK(learned < first);
    CHECK(learned < score * (1 + 1e-6));
    if (t == -1) CHECK(first < score);
    if (t == -1) CHECK(learned < 0.5 * score);
  }
}

TEST_CASE("control variates: relax's network learns what rebar leaves") {
  Toy toy(0.499, 0, estimators::relax());
  ToyDraw at(toy, 200);
  GradientSink sink(toy.store), network(toy.store);
  Optimizer scalars({}, {toy.store.range("rebar")}, DType::f64);
  Optimizer weights({}, {toy.store.range("relax")}, DType::f64);
  double first = 0, last = 0;
  for (int step = 0; step < 400; ++step) {
    at.tape.forward();
    last = at.draw->losses().at("relax").item();
    if (step == 0) first = last;
    at.tape.backward(at.draw->losses().at("rebar"), toy.store.groups({"rebar"}), sink);
    at.tape.backward(at.draw->losses().at("relax"), toy.store.groups({"relax"}), network);
    scalars.step(toy.store.data(), sink.data(), 0.01);
    weights.step(toy.store.data(), network.data(), 0.003);
  }
  const double truth = toy.model.gradient(0), score = toy.variance(1, 0);
  CHECK(first - truth * truth == Approx(toy.variance(0.5, 1)).epsilon(2e-2));  // it starts as rebar
  WARN("variance " << last - truth * truth << " by relax, " << score << " by score");
  CHECK(last - truth * truth < 0.1 * score);
}
