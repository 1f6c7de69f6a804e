// Flow priors: densities that integrate to 1, samples with the density that log_prob says, and a trained one
// against the normal.
#include <cmath>
#include <vector>

#include "autodiff/ops.hpp"
#include "autodiff/optimizer.hpp"
#include "models/priors/prior_family.hpp"
#include "tests/catch.hpp"
#include "tests/models/flow_subjects.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

const std::vector<const char*> flow_priors{"realnvp:1", "realnvp:4", "maf:1", "maf:4"};

/// A prior over codes of D numbers.
struct PriorCase {
  PriorCase(const char* text, std::int64_t dimensions, DType dtype = DType::f64)
      : store(dtype), codes{CodeSpace::Kind::continuous, dimensions} {
    const DataMoments none;
    record = parse_prior(text).declare(
        {codes, store, 1, none, nullptr, [](Var) { return std::shared_ptr<const Posterior>(); }});
    store.freeze(2);
  }
  ParameterStore store;
  CodeSpace codes;
  PriorRecorder record;
};

}  // namespace

TEST_CASE("A flow prior starts as N(0, I), bit for bit") {
  for (const char* text : flow_priors) {
    for (const DType dtype : {DType::f32, DType::f64}) {
      const PriorCase c(text, 3, dtype);
      CAPTURE(text);
      Tape tape;
      const Recording recording(tape);
      const Tensor z = numbers({2, 4, 3}, 5, 2).cast(dtype);
      CHECK(c.record()->log_prob(tape.leaf(z)).value().values() ==
            standard_normal_log_prob(tape.leaf(z)).value().values());
      CHECK(c.record()->sample(tape.leaf(z)).value().values() == z.contiguous().values());
    }
  }
}

TEST_CASE("The density of a flow prior integrates to 1") {
  constexpr std::int64_t n = 481;
  constexpr double reach = 24, step = 2 * reach / (n - 1);
  for (const char* text : flow_priors) {
    const PriorCase c(text, 2);
    scatter(c.store, 0.2);
    CAPTURE(text);
    double sum = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      Tape tape;
      const Recording recording(tape);
      Tensor points({1, n, 2}, DType::f64);
      for (std::int64_t j = 0; j < n; ++j) {
        points.set({0, j, 0}, -reach + double(i) * step);
        points.set({0, j, 1}, -reach + double(j) * step);
      }
      for (const double log_p : c.record()->log_prob(tape.leaf(points)).value().values()) {
        sum += std::exp(log_p) * step * step;
      }
    }
    CHECK(sum == Approx(1).margin(1e-6));
  }
}

TEST_CASE(
    "Samples of a flow prior are noise through its inverse, and their moments its density's") {
  for (const char* text : flow_priors) {
    const PriorCase c(text, 4);
    scatter(c.store, 0.5);
    CAPTURE(text);
    Tape tape;
    const Recording recording(tape);
    const auto prior = c.record();
    const Var noise = tape.leaf(numbers({3, 5, 4}, 6, 2));
    const Var z = prior->sample(noise);
    // log P0(z) = log N(noise) - log |det dz/dnoise|, by differences of the sampler itself.
    const std::vector<double> log_p = prior->log_prob(z).value().values();
    const double h = 1e-4;
    const std::vector<double> base = standard_normal_log_prob(noise).value().values();
    std::vector<std::vector<double>> columns;
    for (std::int64_t d = 0; d < 4; ++d) {
      Tensor one({4}, DType::f64);
      one.set({d}, h);
      const Var e = tape.leaf(one);
      const Var slope = (8 * (prior->sample(noise + e) - prior->sample(noise - e)) -
                         (prior->sample(noise + 2 * e) - prior->sample(noise - 2 * e))) /
                        (12 * h);
      columns.push_back(slope.value().contiguous().values());
    }
    for (std::size_t n = 0; n < log_p.size(); ++n) {
      Matrix jacobian(4, std::vector<double>(4));
      for (std::size_t i = 0; i < 4; ++i) {
        for (std::size_t d = 0; d < 4; ++d) jacobian[i][d] = columns[d][n * 4 + i];
      }
      std::vector<double> none(4, 0);
      CHECK(log_p[n] == Approx(base[n] - eliminate(jacobian, none)).margin(1e-8));
    }
    // Also codes without an axis of draws, as sampling a prior alone has them.
    const Var rows = tape.leaf(noise.value().contiguous().reshape({15, 4}));
    CHECK(prior->sample(rows).value().values() == z.value().contiguous().values());
  }
}

TEST_CASE(
    "A trained flow prior fits a mixture of two normals better than any normal of no parameters") {
  // 1/2 N((2, 1), 1/4 I) + 1/2 N((-2, -1), 1/4 I): its entropy is that of a normal and log 2, but for 1e-9.
  const double entropy = std::log(2 * M_PI * std::exp(1.0) / 4) + std::log(2);
  for (const char* text : {"realnvp:4", "maf:4"}) {
    const PriorCase c(text, 2, DType::f32);
    CAPTURE(text);
    constexpr std::int64_t batch = 512;
    constexpr std::uint64_t steps = 1200;
    Tape tape({.mode = Tape::Mode::replay});
    const Recording recording(tape);
    const Var z = tape.leaf({1, batch, 2});
    const Var loss = -mean(c.record()->log_prob(z));
    GradientSink gradient(c.store);
    Optimizer adam({}, {{0, c.store.size()}});
    double late = 0;
    for (std::uint64_t step = 0; step < steps; ++step) {
      float* const data = tape.data(z).data_as<float>();
      fill_noise(Noise::normal, tape.data(z), {.stream = {4, StreamId::noise}, .step = step});
      for (std::int64_t b = 0; b < batch; ++b) {
        const float side = b % 2 == 0 ? 1.f : -1.f;
        data[2 * b] = 0.5f * data[2 * b] + 2 * side;
        data[2 * b + 1] = 0.5f * data[2 * b + 1] + side;
      }
      tape.forward();
      if (step >= steps - 200) late += double(loss.item()) / 200;
      tape.backward(loss, all_groups, gradient);
      adam.step(c.store.data(), gradient.data(), step < steps / 2 ? 5e-3 : 1e-3);
    }
    const double normal = std::log(2 * M_PI) + (4 + 1 + 0.5) / 2;
    CAPTURE(entropy, normal, late);
    CHECK(late > entropy - 0.02);  // no density is better
    CHECK(late < entropy + 0.25);
    CHECK(late < normal - 1.5);
  }
}
