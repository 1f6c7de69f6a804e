// The affine posterior on the golden linear-Gaussian instance: it has the true posterior in its family.
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "autodiff/ops.hpp"
#include "autodiff/optimizer.hpp"
#include "autodiff/schedule.hpp"
#include "models/architectures/head.hpp"
#include "models/worlds/linear_gaussian_model.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/draw/estimate_bound.hpp"
#include "objectives/estimators/choice.hpp"
#include "objectives/estimators/estimators.hpp"
#include "tests/catch.hpp"

using namespace nelbo;

namespace {

/// The golden instance's prior and decoder, with a linear layer and any family in place of its encoder.
class GoldenModel final : public Model {
 public:
  GoldenModel(ParameterStore& store, const char* posterior)
      : world_(store, golden_linear_gaussian().parameters()),
        family_(parse_posterior(posterior)),
        head_(encoder_head(store, 2, family_, world_.codes())),
        posterior_(family_.recorder(world_.codes(), store)) {}

  const LinearGaussianModel& world() const { return world_; }
  const ParameterStore& store() const override { return world_.store(); }
  CodeSpace codes() const override { return world_.codes(); }
  std::int64_t features() const override { return world_.features(); }
  std::shared_ptr<const Posterior> posterior(const Batch& batch) const override {
    return posterior_(head_(batch.x));
  }
  using Model::prior;
  std::shared_ptr<const Prior> prior(std::optional<Var> condition) const override {
    return world_.prior(condition);
  }
  Var log_likelihood(Var z, const Batch& batch) const override {
    return world_.log_likelihood(z, batch);
  }

 private:
  LinearGaussianModel world_;
  PosteriorFamily family_;
  Linear head_;
  PosteriorRecorder posterior_;
};

/// log P(x) less the ELBO, nats, of a trained posterior, over fresh data.
double trained_gap(const char* posterior) {
  ParameterStore store;
  const GoldenModel model(store, posterior);
  store.freeze(2);
  const Groups phi = store.groups({"phi"});
  constexpr std::int64_t batch = 128;
  constexpr std::uint64_t steps = 2000;
  {
    Tape tape({.mode = Tape::Mode::replay});
    const Recording recording(tape);
    const Var x = tape.leaf({batch, 2}), noise = tape.leaf({1, batch, 2});
    Draw draw(model, x, noise);
    const Var loss = -mean(draw.log_weights());
    GradientSink gradient(store);
    Optimizer adam({}, {store.range("phi")});
    const Schedule rate = Schedule::cosine(0.02, 0, steps);
    for (std::uint64_t step = 0; step < steps; ++step) {
      tape.data(x).copy_from(model.world().data(batch, {3, StreamId::data}, step));
      fill_noise(Noise::normal, tape.data(noise), {.stream = {3, StreamId::noise}, .step = step});
      tape.forward();
      tape.backward(loss, phi, gradient);
      adam.step(store.data(), gradient.data(), rate.at(step));
    }
  }
  const Tensor data = model.world().data(10000, {4, StreamId::data}, 0);
  double evidence = 0;
  for (const double log_p : model.world().world().log_evidence(data.cast(DType::f64))) {
    evidence += log_p / 10000;
  }
  Tape tape;
  const Recording recording(tape);
  const Var noise = tape.leaf({8, 10000, 2});
  fill_noise(Noise::normal, tape.data(noise), {.stream = {4, StreamId::noise}});
  Draw draw(model, tape.leaf(data), noise);
  return evidence - double(mean(draw.log_weights()).item());
}

/// What the best diagonal posterior leaves: 1/2 (sum_d log Lambda_dd - log |Lambda|), with the precision
/// Lambda of the true one.
double diagonal_gap(const LinearGaussian& world) {
  const Tensor s = world.true_posterior().covariance;
  const double determinant = s.at({0, 0}) * s.at({1, 1}) - s.at({0, 1}) * s.at({1, 0});
  return (std::log(s.at({1, 1}) / determinant) + std::log(s.at({0, 0}) / determinant) +
          std::log(determinant)) /
         2;
}

}  // namespace

TEST_CASE(
    "affine closes the gap of the golden linear-Gaussian instance, and diagonal leaves its own") {
  const double exact = diagonal_gap(golden_linear_gaussian());
  const double diagonal = trained_gap("diagonal"), affine = trained_gap("affine");
  CAPTURE(exact, diagonal, affine);
  CHECK(exact > 0.01);
  CHECK(diagonal == Approx(exact).margin(0.005));
  CHECK(std::fabs(affine) < 0.005);
}

TEST_CASE("stl and dreg have no variance where an affine posterior is the true one") {
  ParameterStore store(DType::f64);
  const GoldenModel model(store, "affine");
  store.freeze(2);
  const LinearPosterior p = model.world().world().true_posterior();
  // covariance = (U diag s) (U diag s)', mean = U mu.
  const double c00 = p.covariance.at({0, 0}), c10 = p.covariance.at({1, 0}), below = c10 / c00,
               c11 = p.covariance.at({1, 1}) - c10 * below;
  store.tensor("posterior.0.below").set({0}, below);
  const Tensor weight = store.tensor("encoder.head.weight"),
               bias = store.tensor("encoder.head.bias");
  const auto set = [&](std::int64_t column, const std::vector<double>& w, double b) {
    for (std::int64_t i = 0; i < 2; ++i) weight.set({i, column}, w[std::size_t(i)]);
    bias.set({column}, b);
  };
  const auto row = [&](std::int64_t d, std::int64_t i) { return p.weight.at({d, i}); };
  set(0, {row(0, 0), row(0, 1)}, p.bias.at({0}));
  set(1, {row(1, 0) - below * row(0, 0), row(1, 1) - below * row(0, 1)},
      p.bias.at({1}) - below * p.bias.at({0}));
  set(2, {0, 0}, std::log(c00));
  set(3, {0, 0}, std::log(c11));

  using namespace estimators;
  const auto largest = [&](const Bound& bound, const EstimatorChoice& estimator) {
    Tape tape;
    const Recording recording(tape);
    const Var noise = tape.leaf({4, 20, 2}, DType::f64);
    fill_noise(Noise::normal, tape.data(noise), {.stream = {5, StreamId::noise}});
    Draw draw(model, tape.leaf(model.world().data(20, 6)), noise, {}, nullptr,
              estimator.estimation(false));
    GradientSink gradient(store);
    tape.backward(mean(estimate(draw, bound)), store.groups({"phi"}), gradient);
    double most = 0;
    for (const double g : gradient.buffer().values()) most = std::max(most, std::fabs(g));
    return most;
  };
  const Bound elbo = bounds::mc(4, bounds::elbo());
  CHECK(largest(elbo, stl()) < 1e-12);
  CHECK(largest(bounds::iw(4), dreg()) < 1e-12);
  CHECK(largest(elbo, reparam()) > 1e-3);
}
