// Trainings with other networks: dropout in training alone, the centre that a run keeps, warm starts.
#include <set>
#include <string>
#include <vector>

#include "lab/studies/training_snr.hpp"
#include "lab/training/checkpoint.hpp"
#include "lab/training/loaded_run.hpp"
#include "lab/training/trainer.hpp"
#include "tests/catch.hpp"
#include "tests/lab/random_uses.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using tests::advance, tests::bytes_of, tests::contains;

namespace {

TrainConfig config_of(double dropout) {
  TrainConfig config = tests::tiny_config();
  config.dropout = dropout;
  return config;
}

std::vector<double> numbers_of(const Metrics& metrics) {
  return {metrics.objective, metrics.nell, metrics.div};
}

}  // namespace

TEST_CASE("networks: dropout is of training alone") {
  const data::Dataset data = tests::tiny_data();
  Trainer with(config_of(0.4), data), without(config_of(0), data);
  // Equal parameters, and so equal evaluations and studies; the first step is another.
  CHECK(numbers_of(with.held_out()) == numbers_of(without.held_out()));
  with.step();
  without.step();
  CHECK(with.train_objective() != without.train_objective());
  CHECK(with.store().tensor("decoder.0.weight").values() !=
        without.store().tensor("decoder.0.weight").values());
  const tests::RandomUses uses;
  with.held_out();
  gradvar::TrainingSnr(with).measure();
  CHECK_FALSE(uses.purposes().contains("units dropped out, by their mask"));
}

TEST_CASE("networks: dropout draws no number twice, for whatever a training records") {
  const data::Dataset data = tests::tiny_data();
  const auto [objective, estimator, prior] = GENERATE(
      table<std::string, std::string, std::string>({{"elbo", "reparam", "normal"},
                                                    {"-iw(m=4) + 10*mmd", "wake_sleep", "normal"},
                                                    {"elbo(mc)", "stl", "vamp:5"}}));
  CAPTURE(objective, estimator, prior);
  TrainConfig config = config_of(0.3);
  config.objective = objective;
  config.estimator = estimator;
  config.prior = prior;
  Trainer trainer(config, data);
  const tests::RandomUses uses;
  for (int epoch = 0; epoch < 2; ++epoch) {  // each with a last batch of its own size
    while (!trainer.epoch_ended()) trainer.step();
    trainer.close_epoch(0);
  }
  CHECK(uses.purposes().contains("units dropped out, by their mask"));
  CHECK(uses.faults() == std::set<std::string>{});
  CHECK(uses.repeated() == 0);
}

TEST_CASE("networks: a run with dropout goes on with the same bits") {
  const tests::TempFolder folder;
  const data::Dataset data = tests::tiny_data();
  TrainConfig config = config_of(0.3);
  config.gated = config.layer_norm = config.centre = true;
  Trainer whole(config, data);
  advance(whole, 6);
  whole.save(folder / "six.safetensors");
  advance(whole, 5);
  Trainer second(whole.config(), data);
  second.load(folder / "six.safetensors");
  advance(second, 5);
  CHECK(bytes_of(second, folder / "b") == bytes_of(whole, folder / "a"));
}

TEST_CASE("networks: the centre is the mean of the training data, and the run keeps it") {
  const data::Dataset data = tests::tiny_data();
  TrainConfig config = tests::tiny_config();
  config.centre = true;
  const Trainer trainer(config, data);
  std::vector<double> mean(16, 0.0);
  std::vector<float> x(16);
  const data::Images& images = data.split("train").images;
  for (std::int64_t i = 0; i < 50; ++i) {
    images.write(i, 1, x.data());
    for (std::size_t k = 0; k < 16; ++k) mean[k] += double(x[k]) / 255 / 50;
  }
  REQUIRE(trainer.config().centre_mean.size() == 16);
  for (std::size_t k = 0; k < 16; ++k) {
    CHECK(trainer.config().centre_mean[k] == Approx(mean[k]).epsilon(1e-6).margin(1e-9));
  }
}

TEST_CASE("networks: a warm start takes parameters by name and tells the others") {
  const tests::TempFolder folder;
  const data::Dataset data = tests::tiny_data();
  Trainer old(tests::tiny_config(), data);
  advance(old, 5);
  old.save(folder / "old.safetensors");

  Trainer same(tests::tiny_config(), data);
  const WarmStart all = same.start_from(folder / "old.safetensors");
  CHECK(all.taken == 8);
  CHECK(all.of == 8);
  CHECK(all.fresh.empty());
  CHECK(numbers_of(same.held_out()) == numbers_of(old.held_out()));
  CHECK(same.state().step == 0);

  TrainConfig wider = tests::tiny_config();
  wider.latent = 4;
  wider.gated = true;
  const Trainer untouched(wider, data);
  Trainer other(wider, data);
  const WarmStart some = other.start_from(folder / "old.safetensors");
  // encoder.0, decoder.0.bias and the output; heads, decoder.0.weight and gates are others.
  CHECK(some.taken == 5);
  CHECK(some.of == 12);
  CHECK(some.fresh == std::vector<std::string>{
                          "encoder.0.gate.weight (not there)", "encoder.0.gate.bias (not there)",
                          "encoder.head.weight (7 x 6 there, 7 x 8 here)",
                          "encoder.head.bias (6 there, 8 here)",
                          "decoder.0.weight (3 x 7 there, 4 x 7 here)",
                          "decoder.0.gate.weight (not there)", "decoder.0.gate.bias (not there)"});
  for (const auto& entry : other.store().entries()) {
    const bool taken = entry.name == "encoder.0.weight" || entry.name == "encoder.0.bias" ||
                       entry.name == "decoder.0.bias" || entry.name.starts_with("decoder.output");
    const ParameterStore& from = taken ? old.store() : untouched.store();
    CAPTURE(entry.name);
    CHECK(other.store().tensor(entry.name).values() == from.tensor(entry.name).values());
  }
}

TEST_CASE("networks: a warm start that takes nothing is refused and changes nothing") {
  const tests::TempFolder folder;
  const data::Dataset data = tests::tiny_data();
  ParameterStore stranger;
  stranger.add("other.weight", "phi", {2, 3}, [](const Tensor&, std::uint64_t, std::uint32_t) {});
  stranger.freeze(0);
  save_parameters(folder / "stranger.safetensors", "", {}, stranger, {});
  Trainer trainer(tests::tiny_config(), data);
  const auto before = trainer.store().tensor("encoder.0.weight").values();
  CHECK_THROWS_WITH(trainer.start_from(folder / "stranger.safetensors"),
                    contains("stranger.safetensors: holds none of the model's 8 parameters"));
  CHECK_THROWS_AS(trainer.start_from(folder / "nothing.safetensors"), Error);
  CHECK(trainer.store().tensor("encoder.0.weight").values() == before);
  advance(trainer, 1);
  CHECK_THROWS_WITH(trainer.start_from(folder / "stranger.safetensors"), contains("first step"));
}
