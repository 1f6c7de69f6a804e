// Flow posteriors under bounds and estimators: the bits of the diagonal posterior that they start at, their
// scores, and stl and dreg against the derivative of the sampled bound.
#include <cmath>
#include <string>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/draw/estimate_bound.hpp"
#include "objectives/estimators/choice.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/terms/bound_terms.hpp"
#include "objectives/terms/terms.hpp"
#include "tests/catch.hpp"
#include "tests/objectives/vae_fixture.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

constexpr int samples = 4, batch = 3, latent = 3;

const std::vector<const char*> flow_posteriors{"affine",    "iaf:1",    "iaf:3",   "realnvp:1",
                                               "realnvp:3", "planar:1", "planar:3"};

/// Moves all parameters of the posterior, and the encoder's last layer, away from where they start.
void scatter(VaeFixture& vae) {
  std::uint32_t address = 0;
  for (const ParameterStore::Entry& entry : vae.store.entries()) {
    const bool moved =
        entry.name.rfind("posterior.", 0) == 0 || entry.name == "encoder.head.weight";
    const Tensor own = vae.store.tensor(entry.name), noise(entry.shape, DType::f64);
    fill_normal(noise.data_as<double>(), {.stream = {3, StreamId::user},
                                          .dimensions = std::size_t(noise.size()),
                                          .first_datum = ++address});
    for (std::int64_t i = 0; moved && i < own.size(); ++i) {
      own.data_as<double>()[i] = 0.4 * noise.data_as<double>()[i];
    }
  }
}

struct Result {
  std::vector<double> z, value;
  Tensor gradient_of_head;
  std::vector<std::pair<std::string, std::vector<double>>> gradients;  // of the shared parameters
};

Result at_start(const char* posterior, const Bound& bound, const EstimatorChoice& estimator) {
  VaeFixture vae(samples, batch, latent, "normal", posterior);
  Draw draw(*vae.model, vae.x, vae.noise, {}, nullptr, estimator.estimation(false));
  const Var value = estimate(draw, bound);
  GradientSink sink(vae.store);
  vae.tape.backward(mean(value), all_groups, sink);
  Result result{draw.codes().z().value().values(), value.value().values()};
  for (std::size_t i = 0; i < vae.store.entries().size(); ++i) {
    const std::string& name = vae.store.entries()[i].name;
    if (name.rfind("posterior.", 0) == 0) continue;
    Tensor gradient = sink.tensor(vae.store, {std::uint32_t(i)});
    if (name.rfind("encoder.head", 0) == 0) gradient = gradient.slice(-1, 0, 2 * latent);
    result.gradients.push_back({name, gradient.contiguous().values()});
  }
  return result;
}

}  // namespace

TEST_CASE(
    "A flow posterior starts with samples, bounds and gradients of the diagonal one, bit for bit") {
  using namespace estimators;
  for (const Bound& bound : {bounds::mc(samples, bounds::elbo()), bounds::iw(samples)}) {
    for (const EstimatorChoice& estimator :
         {EstimatorChoice(reparam()), EstimatorChoice(score()), EstimatorChoice(stl())}) {
      const Result plain = at_start("diagonal", bound, estimator);
      for (const char* posterior : flow_posteriors) {
        CAPTURE(bound.text(), estimator.text(), posterior);
        const Result flow = at_start(posterior, bound, estimator);
        CHECK(flow.z == plain.z);
        CHECK(flow.value == plain.value);
        REQUIRE(flow.gradients.size() == plain.gradients.size());
        for (std::size_t i = 0; i < plain.gradients.size(); ++i) {
          CAPTURE(plain.gradients[i].first);
          if (estimator.text() == "reparam") {
            CHECK(flow.gradients[i].second == plain.gradients[i].second);
            continue;
          }
          // They weight the path by the score that the flow carries on, not by a density's derivative.
          for (std::size_t k = 0; k < plain.gradients[i].second.size(); ++k) {
            CHECK(flow.gradients[i].second[k] ==
                  Approx(plain.gradients[i].second[k]).epsilon(1e-11).margin(1e-12));
          }
        }
      }
    }
  }
}

TEST_CASE(
    "A flow posterior's density of its own samples, and its score, are those of its inverse") {
  for (const char* posterior : flow_posteriors) {
    VaeFixture vae(samples, batch, latent, "normal", posterior);
    scatter(vae);
    CAPTURE(posterior);
    const auto q = vae.model->posterior(vae.x);
    const PosteriorSample sample = q->draw(vae.noise);
    if (std::string(posterior).rfind("planar", 0) == 0) {
      CHECK_THROWS_WITH(q->log_prob(sample.z), contains("a planar flow has no formula"));
      continue;
    }
    const Var z = vae.tape.leaf(sample.z.value().contiguous(), true);
    const Var log_prob = q->log_prob(z);
    const std::vector<double> own = sample.log_prob.value().values(),
                              again = log_prob.value().values(),
                              score = sample.score().value().contiguous().values();
    for (std::size_t i = 0; i < own.size(); ++i) CHECK(again[i] == Approx(own[i]).margin(1e-10));
    vae.tape.backward(sum(log_prob));
    const std::vector<double> slope = vae.tape.adjoint(z).values();
    for (std::size_t i = 0; i < score.size(); ++i) {
      CHECK(score[i] == Approx(slope[i]).epsilon(1e-8).margin(1e-9));
    }
  }
}

namespace {

/// Gradients for phi, each parameter projected on a few directions of signs.
class Projected {
 public:
  static constexpr int directions = 3;

  Projected(VaeFixture& vae, const Bound& bound, const EstimatorChoice& estimator)
      : vae_(vae), sink_(vae.store) {
    const Recording recording(tape_);
    noise_ = tape_.leaf({samples, batch, latent}, DType::f64);
    const Var x = tape_.leaf(vae.x.value());
    draw_.emplace(*vae.model, x, noise_, Population{}, nullptr, estimator.estimation(false));
    value_ = mean(estimate(*draw_, bound));
  }
  std::vector<double> at(std::uint64_t r) {
    fill_noise(Noise::normal, tape_.data(noise_), {.stream = {17, StreamId::noise}, .step = r});
    tape_.forward();
    tape_.backward(value_, vae_.store.groups({"phi"}), sink_);
    std::vector<double> all;
    for (std::size_t i = 0; i < vae_.store.entries().size(); ++i) {
      const ParameterStore::Entry& entry = vae_.store.entries()[i];
      if (vae_.store.group_names()[std::size_t(entry.group)] != "phi") continue;
      const std::vector<double> g = sink_.tensor(vae_.store, {std::uint32_t(i)}).values();
      for (std::uint64_t direction = 0; direction < directions; ++direction) {
        double sum = 0;
        std::uint64_t bits = 0x9e3779b97f4a7c15u * (direction + 1);
        for (const double value : g) {
          bits = bits * 6364136223846793005u + 1442695040888963407u;
          sum += bits >> 63 ? value : -value;
        }
        all.push_back(sum);
      }
    }
    return all;
  }

 private:
  VaeFixture& vae_;
  GradientSink sink_;
  Tape tape_{{.mode = Tape::Mode::replay}};
  Var noise_, value_;
  std::optional<Draw> draw_;
};

/// The largest |mean| / standard error of the differences between two estimators' projections.
double largest_z(VaeFixture& vae, const Bound& bound, const EstimatorChoice& a,
                 const EstimatorChoice& b, int replicates) {
  Projected of_a(vae, bound, a), of_b(vae, bound, b);
  std::vector<double> sums, squares;
  for (int r = 0; r < replicates; ++r) {
    const std::vector<double> x = of_a.at(std::uint64_t(r)), y = of_b.at(std::uint64_t(r));
    sums.resize(x.size());
    squares.resize(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      sums[i] += x[i] - y[i];
      squares[i] += (x[i] - y[i]) * (x[i] - y[i]);
    }
  }
  double largest = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const double mean = sums[i] / replicates, variance = squares[i] / replicates - mean * mean;
    if (variance > 0)
      largest = std::max(largest, std::fabs(mean) / std::sqrt(variance / replicates));
  }
  return largest;
}

}  // namespace

// Up to 40 parameters in 3 directions, 7 posteriors, 3 estimators: 2,500 numbers of a standard normal
// stay below 4.6 with probability 0.99.
TEST_CASE(
    "stl, dreg and score of every flow posterior have the mean of the sampled bound's derivative") {
  using namespace estimators;
  const Bound elbo = bounds::mc(samples, bounds::elbo()), iw = bounds::iw(samples);
  for (const char* posterior : flow_posteriors) {
    VaeFixture vae(samples, batch, latent, "normal", posterior);
    scatter(vae);
    CAPTURE(posterior);
    CHECK(largest_z(vae, elbo, stl(), reparam(), 2000) < 4.6);
    CHECK(largest_z(vae, iw, dreg(), reparam(), 2000) < 4.6);
    CHECK(largest_z(vae, elbo, rloo(), reparam(), 2000) < 4.6);
  }
}

TEST_CASE("What a flow posterior has not is refused by name, and what goes another way is told") {
  using namespace estimators;
  const Bound iw = bounds::iw(samples);
  VaeFixture planar(samples, batch, latent, "normal", "planar:2"),
      iaf(samples, batch, latent, "normal", "iaf:2");
  CHECK_THAT(EstimatorChoice(wake_sleep(0.5)).unfit(iw, *planar.model, false),
             contains("a planar flow has no formula for its inverse"));
  CHECK(EstimatorChoice(wake_sleep(1)).unfit(iw, *planar.model, false).empty());
  CHECK(EstimatorChoice(wake_sleep(0.5)).unfit(iw, *iaf.model, false).empty());
  CHECK_FALSE(has_exact_div(*iaf.model));
  const Recording recording(iaf.tape);
  Draw draw(*iaf.model, iaf.x, iaf.noise);
  CHECK_THROWS_WITH(draw.kl(), contains("flow iaf:2") && contains("use div(mc)"));
  CHECK_THROWS_WITH(draw.posterior().diagonal("tc"),
                    contains("tc needs a normal posterior; here it is flow iaf:2"));
  CHECK_THROWS_WITH(draw.posterior().entropy(), contains("use hqzx(mc)"));
  CHECK_THROWS_WITH(
      VaeFixture(samples, batch, latent, "vamp:2", "iaf:1"),
      contains("'vamp:2' is made of diagonal or full posteriors, and here it is iaf:1"));
}
