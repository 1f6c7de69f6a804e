#include <cmath>
#include <set>
#include <vector>

#include "autodiff/random.hpp"
#include "autodiff/threads.hpp"
#include "lab/training/trainer.hpp"
#include "tests/autodiff/allocations.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"
#include "tests/oracles.hpp"

using namespace nelbo;
using nelbo::tests::advance, nelbo::tests::bytes_of;
using nelbo::tests::dense, nelbo::tests::tanh_of;

namespace {

/// Nell and Div of one example, written out: Zheng eqs (15), (16) for X-7-2L / L-7-X.
Metrics by_hand(const ParameterStore& store, const std::vector<double>& x,
                const std::vector<float>& noise) {
  const std::size_t latent = noise.size();
  const auto head = dense(store, "encoder.head", tanh_of(dense(store, "encoder.0", x)));
  Metrics metrics;
  std::vector<double> z(latent);
  for (std::size_t d = 0; d < latent; ++d) {
    const double mean = head[d], log_variance = head[latent + d];
    z[d] = mean + std::exp(log_variance / 2) * noise[d];
    metrics.div += 0.5 * (std::exp(log_variance) + mean * mean - 1 - log_variance);
  }
  const auto logits = dense(store, "decoder.output", tanh_of(dense(store, "decoder.0", z)));
  for (std::size_t i = 0; i < x.size(); ++i) {
    metrics.nell -= x[i] * logits[i] - std::log1p(std::exp(logits[i]));
  }
  return metrics;
}

}  // namespace

TEST_CASE("trainer: held-out metrics are those written out by hand in double") {
  const data::Dataset data = tests::tiny_data();
  Trainer trainer(tests::tiny_config(), data);
  advance(trainer, 6);
  const Metrics measured = trainer.held_out();
  MetricSums sums;
  for (std::uint32_t i = 0; i < 23; ++i) {
    std::vector<float> x(16), noise(3);
    trainer.test_examples().fill(x.data(), {&i, 1}, 0);
    fill_normal(noise.data(), {.stream = {0, StreamId::evaluation}, .dimensions = 3, .datum = &i});
    sums.add(by_hand(trainer.store(), {x.begin(), x.end()}, noise), 1);
  }
  CHECK(measured.nell == Approx(sums.mean().nell).epsilon(1e-5));
  CHECK(measured.div == Approx(sums.mean().div).epsilon(1e-5));
  CHECK(measured.elbo() == -(measured.nell + measured.div));
}

TEST_CASE("trainer: training metrics are means over every example of the epoch, seen once") {
  const data::Dataset data = tests::tiny_data();
  TrainConfig config = tests::tiny_config();
  config.lr = 1e-30;  // parameters stay, so that all batches meet the same model
  Trainer trainer(config, data);
  REQUIRE(trainer.batches_per_epoch() == 4);
  std::size_t seen = 0;
  for (int step = 0; step < 4; ++step) {
    trainer.step();
    seen += trainer.last_batch();
  }
  CHECK(seen == 50);
  CHECK(trainer.last_batch() == 2);
  REQUIRE(trainer.epoch_ended());
  CHECK_THROWS_AS(trainer.step(), Error);

  std::vector<std::uint32_t> order(50);
  fill_permutation(order.data(), 50, {0, StreamId::shuffle}, 0);
  CHECK(std::set<std::uint32_t>(order.begin(), order.end()).size() == 50);
  MetricSums sums;
  for (std::uint32_t position = 0; position < 50; ++position) {
    const std::uint32_t i = order[position], step = position / 16;
    std::vector<float> x(16), noise(3);
    trainer.train_examples().fill(x.data(), {&i, 1}, step);
    fill_normal(noise.data(),
                {.stream = {0, StreamId::noise}, .step = step, .dimensions = 3, .datum = &i});
    sums.add(by_hand(trainer.store(), {x.begin(), x.end()}, noise), 1);
  }
  CHECK(trainer.train_metrics().nell == Approx(sums.mean().nell).epsilon(1e-5));
  CHECK(trainer.train_metrics().div == Approx(sums.mean().div).epsilon(1e-5));
}

TEST_CASE("trainer: 2N steps are N steps and N resumed ones, byte for byte") {
  const std::string optimizer = GENERATE("adam", "adamw", "sgd");
  // 4 steps make an epoch: one pair meets at the end of an epoch, the others within.
  const int half = GENERATE(1, 5, 8);
  const data::Dataset data = tests::tiny_data();
  tests::TempFolder folder;
  TrainConfig config = tests::tiny_config();
  config.optimizer = optimizer;
  Trainer whole(config, data), first(config, data), second(config, data);
  advance(whole, 2 * half);
  advance(first, half);
  first.save(folder / "first.safetensors");
  second.load(folder / "first.safetensors");
  advance(second, half);
  CHECK(second.state().step == std::uint64_t(2 * half));
  const std::string bytes = bytes_of(whole, folder / "whole.safetensors");
  CHECK(bytes == bytes_of(second, folder / "second.safetensors"));
  CHECK(bytes != bytes_of(first, folder / "first.safetensors"));
}

TEST_CASE("trainer: 1, 2 and 7 threads give the same bytes, and 7 workers really run") {
  // Wide enough that products and fills are split over threads.
  data::Dataset data;
  data.spec = "wide";
  data.scale = 255;
  data.splits.push_back({"train", data::Images(tests::blobs(300, 16, 1)), {}, {}});
  data.splits.push_back({"test", data::Images(tests::blobs(30, 16, 2)), {}, {}});
  TrainConfig config = tests::tiny_config();
  config.hidden = {512};
  config.batch = 256;
  tests::TempFolder folder;
  const std::size_t before = num_threads();
  std::set<std::string> all;
  for (const std::size_t threads : {1, 2, 7}) {
    set_num_threads(threads);
    reset_workers_seen();
    Trainer trainer(config, data);
    advance(trainer, 50);
    all.insert(bytes_of(trainer, folder / "checkpoint.safetensors"));
    // On a busy machine a worker may sleep through 50 steps: it gets some more.
    Trainer more(config, data);
    for (int i = 0; i < 100 && workers_seen() < threads; ++i) advance(more, 10);
    CHECK(workers_seen() == threads);
  }
  set_num_threads(before);
  CHECK(all.size() == 1);
}

TEST_CASE("trainer: a step does not allocate once both batch sizes have been seen") {
  const data::Dataset data = tests::tiny_data();
  TrainConfig config = tests::tiny_config();
  config.binarize = GENERATE("none", "dynamic");
  Trainer trainer(config, data);
  advance(trainer, 5);
  const std::size_t before = tests::allocations();
  for (int step = 0; step < 3; ++step) trainer.step();  // the last is the smaller batch
  CHECK(tests::allocations() == before);
  CHECK(trainer.epoch_ended());
}

TEST_CASE("trainer: training improves the bound") {
  const data::Dataset data = tests::tiny_data();
  Trainer trainer(tests::tiny_config(), data);
  const double before = trainer.held_out().elbo();
  advance(trainer, 400);
  CHECK(trainer.held_out().elbo() > before + 0.5);
}

TEST_CASE("trainer: a number that is not finite names its operator and changes nothing") {
  const data::Dataset data = tests::tiny_data();
  tests::TempFolder folder;
  TrainConfig config = tests::tiny_config();
  config.lr = 1e30;  // the first update throws the parameters out of every range
  Trainer trainer(config, data);
  trainer.step();
  const std::string before = bytes_of(trainer, folder / "before.safetensors");
  try {
    for (int step = 0; step < 3; ++step) trainer.step();
    FAIL("three steps with lr 1e30 stayed finite");
  } catch (const NotFinite& error) {
    CHECK_FALSE(error.op().empty());
    CHECK_THAT(error.what(), tests::contains("'" + error.op() + "'"));
  }
  CHECK(trainer.state().step < 4);
  if (trainer.state().step == 1) CHECK(bytes_of(trainer, folder / "after.safetensors") == before);
}

TEST_CASE("trainer: data that do not fit are refused") {
  data::Dataset data = tests::tiny_data();
  TrainConfig config = tests::tiny_config();
  config.model = "conv64";
  config.hidden.clear();
  CHECK_THROWS_AS(Trainer(config, data), Error);
  config = tests::tiny_config();
  data.splits.pop_back();
  CHECK_THROWS_WITH(Trainer(config, data), tests::contains("test"));
}
