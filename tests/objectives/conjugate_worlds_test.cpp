// Worlds whose true posteriors are gamma, beta, Dirichlet or von Mises: there every log-weight is log p(x),
// which is known, and stl has no variance.
#include <cmath>
#include <functional>
#include <numbers>

#include "autodiff/ops.hpp"
#include "models/distributions.hpp"
#include "models/posteriors/implicit_posterior.hpp"
#include "models/posteriors/posterior_family.hpp"
#include "models/priors/prior_family.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/draw/estimate_bound.hpp"
#include "objectives/estimators/choice.hpp"
#include "objectives/estimators/estimators.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

constexpr double pi = std::numbers::pi;

struct World {
  std::string posterior, prior;
  std::int64_t latent;
  Tensor x;                        // [B, X]
  std::vector<Tensor> parameters;  // of Q, [B, L] each
  std::function<std::shared_ptr<const Posterior>(const std::vector<Var>&)> q;
  std::function<Var(Var z, Var x)> log_likelihood;  // [S, B]
  std::vector<double> log_px;                       // [B]
};

/// A model whose posteriors' parameters are a table, group "phi".
class WorldModel final : public Model {
 public:
  explicit WorldModel(const World& world)
      : world_(world), codes_(parse_posterior(world.posterior).codes(world.latent)) {
    for (std::size_t i = 0; i < world.parameters.size(); ++i) {
      const Tensor& values = world.parameters[i];
      ids_.push_back(store_.add(
          "q." + std::to_string(i), "phi", values.shape(),
          [values](const Tensor& to, std::uint64_t, std::uint32_t) { to.copy_from(values); }));
    }
    const DataMoments none;
    prior_ = parse_prior(world.prior).declare({codes_, store_, 1, none, nullptr, {}});
    store_.freeze(1);
  }
  const ParameterStore& store() const override { return store_; }
  CodeSpace codes() const override { return codes_; }
  std::int64_t features() const override { return world_.x.shape()[1]; }
  std::shared_ptr<const Posterior> posterior(const Batch&) const override {
    std::vector<Var> parameters;
    for (const ParameterId id : ids_) parameters.push_back(Tape::current().parameter(store_, id));
    return world_.q(parameters);
  }
  std::shared_ptr<const Prior> prior(std::optional<Var>) const override { return prior_(); }
  Var log_likelihood(Var z, const Batch& batch) const override {
    return world_.log_likelihood(z, batch.x);
  }

 private:
  World world_;
  CodeSpace codes_;
  ParameterStore store_{DType::f64};
  std::vector<ParameterId> ids_;
  PriorRecorder prior_;
};

Tensor table(const std::vector<double>& values, std::int64_t rows) {
  return Tensor::of(values, {rows, std::int64_t(values.size()) / rows}, DType::f64);
}

Tensor logs(std::vector<double> values, std::int64_t rows) {
  for (double& value : values) value = std::log(value);
  return table(values, rows);
}

/// Two counts of a common rate z, Poisson(z) each, z of Gamma(2, 1.5).
World counts() {
  const std::vector<double> x{3, 0, 1, 7};
  World world{"gamma", "gamma:2:1.5", 1, table(x, 2), {}, {}, {}, {}};
  std::vector<double> c, rate;
  for (int b = 0; b < 2; ++b) {
    const double sum = x[2 * b] + x[2 * b + 1];
    c.push_back(2 + sum);
    rate.push_back(1.5 + 2);
    world.log_px.push_back(2 * std::log(1.5) - std::lgamma(2) + std::lgamma(c[b]) -
                           c[b] * std::log(3.5) - std::lgamma(x[2 * b] + 1) -
                           std::lgamma(x[2 * b + 1] + 1));
  }
  world.parameters = {logs(c, 2), logs(rate, 2)};
  world.q = [](const std::vector<Var>& p) {
    return std::make_shared<ImplicitPosterior<Gamma>>("gamma", Gamma{p[0], p[1]});
  };
  world.log_likelihood = [x](Var z, Var data) {
    std::vector<double> factorials;
    for (const double k : x) factorials.push_back(std::lgamma(k + 1));
    const Var constant = Tape::current().leaf(table(factorials, 2));
    return sum(data * log(z) - z - constant, -1);
  };
  return world;
}

/// Three coins of a common probability z, z of Beta(2, 3).
World coins() {
  const std::vector<double> x{1, 0, 1, 0, 0, 0};
  World world{"beta", "beta:2:3", 1, table(x, 2), {}, {}, {}, {}};
  std::vector<double> a, b;
  const auto log_beta = [](double p, double q) {
    return std::lgamma(p) + std::lgamma(q) - std::lgamma(p + q);
  };
  for (int row = 0; row < 2; ++row) {
    const double heads = x[3 * row] + x[3 * row + 1] + x[3 * row + 2];
    a.push_back(2 + heads);
    b.push_back(3 + 3 - heads);
    world.log_px.push_back(log_beta(a[row], b[row]) - log_beta(2, 3));
  }
  world.parameters = {logs(a, 2), logs(b, 2)};
  world.q = [](const std::vector<Var>& p) {
    return std::make_shared<ImplicitPosterior<Beta>>("beta", Beta{p[0], p[1]});
  };
  world.log_likelihood = [](Var z, Var data) {
    return sum(data * log(z) + (1.0 - data) * log1p(-z), -1);
  };
  return world;
}

/// Counts of three classes of probabilities z, each order for itself, z of Dirichlet(0.8, 0.8, 0.8).
World classes() {
  const std::vector<double> x{2, 0, 1, 0, 5, 1};
  World world{"dirichlet", "dirichlet:0.8", 3, table(x, 2), {}, {}, {}, {}};
  std::vector<double> c;
  for (int b = 0; b < 2; ++b) {
    double total = 0, log_px = std::lgamma(2.4) - 3 * std::lgamma(0.8);
    for (int k = 0; k < 3; ++k) {
      c.push_back(0.8 + x[3 * b + k]);
      total += c.back();
      log_px += std::lgamma(c.back());
    }
    world.log_px.push_back(log_px - std::lgamma(total));
  }
  world.parameters = {logs(c, 2)};
  world.q = [](const std::vector<Var>& p) {
    return std::make_shared<ImplicitPosterior<Dirichlet>>("dirichlet", Dirichlet{p[0]});
  };
  world.log_likelihood = [](Var z, Var data) { return sum(data * log(z), -1); };
  return world;
}

/// An angle x about z with concentration 3, z about 0 with concentration 1.2.
World angles() {
  const std::vector<double> x{0.7, -2.5};
  World world{"von_mises", "von_mises:1.2", 1, table(x, 2), {}, {}, {}, {}};
  std::vector<double> mean, kappa;
  const auto log_i0 = [](double k) { return std::log(std::cyl_bessel_i(0.0, k)); };
  for (const double angle : x) {
    const double c = 1.2 + 3 * std::cos(angle), s = 3 * std::sin(angle);
    mean.push_back(std::atan2(s, c));
    kappa.push_back(std::hypot(c, s));
    world.log_px.push_back(log_i0(kappa.back()) - log_i0(1.2) - log_i0(3) - std::log(2 * pi));
  }
  world.parameters = {table(mean, 2), logs(kappa, 2)};
  world.q = [](const std::vector<Var>& p) {
    return std::make_shared<ImplicitPosterior<VonMisesPoints>>("von_mises",
                                                               VonMisesPoints{{p[0], p[1]}});
  };
  world.log_likelihood = [log_i0](Var z, Var data) {
    const Var direction = concatenate({cos(data), sin(data)}, -1);  // [B, 2]
    return sum(3.0 * z * direction, -1) - (log_i0(3) + std::log(2 * pi));
  };
  return world;
}

}  // namespace

TEST_CASE("conjugate worlds: every log-weight of the true posterior is log p(x)") {
  constexpr std::int64_t samples = 64;
  for (const World& world : {counts(), coins(), classes(), angles()}) {
    CAPTURE(world.posterior);
    const WorldModel model(world);
    for (const Bound& bound : {bounds::mc(samples, bounds::elbo()), bounds::iw(samples)}) {
      for (const EstimatorChoice& choice :
           {EstimatorChoice(estimators::stl()), EstimatorChoice(estimators::dreg()),
            EstimatorChoice(estimators::reparam())}) {
        CAPTURE(bound.text(), choice.text());
        Tape tape;
        const Recording recording(tape);
        const Tensor noise({samples, 2, model.codes().dimensions()}, DType::f64);
        fill_noise(model.codes(), noise, {.stream = {7, StreamId::user}});
        Draw draw(model, tape.leaf(world.x), tape.leaf(noise), {}, nullptr,
                  choice.estimation(true));
        const Var value = estimate(draw, bound);
        const std::vector<double> f = draw.log_weights().value().values();
        for (std::int64_t i = 0; i < std::int64_t(f.size()); ++i) {
          CHECK(f[std::size_t(i)] == Approx(world.log_px[std::size_t(i % 2)]).epsilon(1e-9));
        }
        for (int b = 0; b < 2; ++b) {
          CHECK(value.value().at({b}) == Approx(world.log_px[std::size_t(b)]).epsilon(1e-9));
        }
        GradientSink sink(model.store());
        tape.backward(mean(value), all_groups, sink);
        double largest = 0;
        for (const double g : sink.buffer().values()) largest = std::max(largest, std::fabs(g));
        INFO("the largest derivative is " << largest);
        CHECK((largest < 1e-7) == (choice.text() != "reparam"));
      }
    }
  }
}

TEST_CASE("conjugate worlds: div(exact) and the mean of log P(x|z) make log p(x)") {
  constexpr std::int64_t samples = 20000;
  for (const World& world : {counts(), coins(), classes(), angles()}) {
    CAPTURE(world.posterior);
    const WorldModel model(world);
    Tape tape;
    const Recording recording(tape);
    const Tensor noise({samples, 2, model.codes().dimensions()}, DType::f64);
    fill_noise(model.codes(), noise, {.stream = {9, StreamId::user}});
    Draw draw(model, tape.leaf(world.x), tape.leaf(noise));
    const std::vector<double> log_p = draw.log_likelihood().value().values();
    for (int b = 0; b < 2; ++b) {
      double mean = 0, square = 0;
      for (std::size_t s = 0; s < samples; ++s) {
        const double one = log_p[2 * s + std::size_t(b)];
        mean += one / samples, square += one * one / samples;
      }
      const double error = std::sqrt((square - mean * mean) / samples);
      const double z = (mean - draw.kl().value().at({b}) - world.log_px[std::size_t(b)]) / error;
      INFO("z " << z);
      CHECK(std::fabs(z) < 4);  // 8 of them
    }
  }
}
