// No number serves two purposes: whatever is done with a run or a world, each (key, counter) that
// it draws belongs to one random variable, and to one kind of numbers in one layout.
#include <set>
#include <string>

#include "lab/data/load.hpp"
#include "lab/evaluation/bound_lattice.hpp"
#include "lab/evaluation/inference.hpp"
#include "lab/evaluation/ledger.hpp"
#include "lab/evaluation/standard_errors.hpp"
#include "lab/studies/study_cells.hpp"
#include "lab/studies/subject.hpp"
#include "lab/training/trainer.hpp"
#include "tests/catch.hpp"
#include "tests/lab/random_uses.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;

namespace {

/// 300 training, 100 validation and 200 test images, enough for full batches of all that evaluates:
/// the rest of a batch would be permuted by the first numbers of a whole one.
data::Dataset data_of(const tests::TempFolder& folder, std::uint64_t seed) {
  const data::Array images = tests::blobs(600, 4, 1);
  const std::string bytes(reinterpret_cast<const char*>(images.bytes.data()), images.bytes.size());
  const std::string path = folder.write("images.npy", tests::npy("|u1", "(600, 4, 4)", bytes));
  return data::load_dataset(path, {.holdout = 1.0 / 3, .seed = seed, .validation = 0.25});
}

TrainConfig config_of(const std::string& objective, const std::string& estimator) {
  TrainConfig config = tests::tiny_config();
  config.batch = 100;
  config.objective = objective;
  config.estimator = estimator;
  return config;
}

void study(const gradvar::StudyModel& model, const gradvar::StudyPlan& plan, std::uint64_t seed) {
  const gradvar::StudyCells cells = gradvar::plan_cells(plan, model);
  REQUIRE_FALSE(cells.cells.empty());
  for (const gradvar::StudyCell& cell : cells.cells) {
    gradvar::run_replicates(model, cell, {.replicates = 4, .seed = seed, .workers = 2});
  }
}

/// Trains two epochs, evaluates, reads out and studies.
void live(const TrainConfig& config, const gradvar::StudyPlan& plan) {
  const tests::TempFolder folder;
  const data::Dataset data = data_of(folder, config.seed);
  Trainer trainer(config, data);
  for (int epoch = 0; epoch < 2; ++epoch) {
    while (!trainer.epoch_ended()) trainer.step();
    trainer.held_out();
    trainer.close_epoch(trainer.validation()->objective);
  }
  const std::uint64_t seed = config.seed;
  const Examples& examples = trainer.test_examples();
  estimate_terms(trainer.model(), examples, seed);
  measure_ledger(trainer.model(), examples, {.draws = 3, .batch = 100, .pairs = 30, .seed = seed});
  estimate_lattice(trainer.model(), examples, 50, {{1, 1}, {1, 70}}, seed,
                   [](double) { return true; });
  sample_data(trainer.model(), sample_prior(trainer.model(), 64, seed), seed);
  study({trainer.model(), examples.some(5, seed), &trainer.auxiliaries()}, plan, seed);
}

}  // namespace

TEST_CASE("purposes: FactorVAE of more dimensions than other variables leave room for") {
  TrainConfig config = config_of("factor_vae", "reparam");
  config.latent = 50;
  config.hidden = {60};
  const tests::RandomUses uses;
  live(config, {.bounds = "elbo,iw", .estimators = "reparam,stl+antithetic,dreg,reparam+rqmc"});
  CHECK(uses.faults() == std::set<std::string>{});
  CHECK(uses.purposes().contains("batch permuted in dimension d"));
}

TEST_CASE("purposes: dreams, samples of the prior, and baselines that are learned or found") {
  const auto [objective, estimator, posterior] = GENERATE(
      table<std::string, std::string, std::string>({{"-iw(m=4)", "wake_sleep", "diagonal"},
                                                    {"-iw(m=4) + 10*mmd", "wake_sleep", "diagonal"},
                                                    {"-iw(m=4)", "score(learned)", "bernoulli"},
                                                    {"-iw(m=4)", "rws_dreg", "full"}}));
  CAPTURE(objective, estimator, posterior);
  TrainConfig config = config_of(objective, estimator);
  config.posterior = posterior;
  config.binarize = "fixed";
  const std::string learned = estimator == "score(learned)" ? ",score(learned)" : "";
  const tests::RandomUses uses;
  live(config, {.bounds = "iw",
                .estimators = "wake_sleep,score(mean),vimco" + learned,
                .m = {1, 4},
                .reference = "score(mean)"});
  CHECK(uses.faults() == std::set<std::string>{});
}

TEST_CASE("purposes: studies of worlds") {
  const std::string world = GENERATE("rainforth", "linear-gaussian", "discrete");
  CAPTURE(world);
  const tests::RandomUses uses;
  const gradvar::Subject subject = world == "rainforth"  ? gradvar::rainforth_subject()
                                   : world == "discrete" ? gradvar::discrete_subject()
                                                         : gradvar::linear_gaussian_subject(20, 0);
  study(subject.model,
        {.estimators = "wake_sleep(1),score(mean),vimco,disarm", .reference = "score(mean)"}, 0);
  CHECK(uses.faults() == std::set<std::string>{});
}

TEST_CASE("purposes: training never draws a number twice") {
  TrainConfig config = config_of("-iw(m=4) + 10*mmd + factor_tc", "wake_sleep");
  const tests::TempFolder folder;
  const data::Dataset data = data_of(folder, config.seed);
  Trainer trainer(config, data);
  const tests::RandomUses uses;
  for (int epoch = 0; epoch < 3; ++epoch) {
    while (!trainer.epoch_ended()) trainer.step();
    trainer.close_epoch(0);
  }
  CHECK(uses.purposes().size() == 6);
  CHECK(uses.repeated() == 0);
}

TEST_CASE("purposes: a study never draws a number twice, nor does its pilot") {
  const data::Dataset data = tests::tiny_data();
  const Trainer trainer(tests::tiny_config(), data);
  const gradvar::StudyModel model{trainer.model(), trainer.test_examples().some(5, 0)};
  const gradvar::StudyCells plan = gradvar::plan_cells({.bounds = "iw",
                                                        .estimators = "wake_sleep,score(mean)",
                                                        .m = {4},
                                                        .reference = "score(mean)"},
                                                       model);
  REQUIRE(plan.cells.size() == 1);
  const tests::RandomUses uses;
  gradvar::run_replicates(model, plan.cells[0], {.replicates = 300});
  CHECK(uses.purposes().size() == 6);
  CHECK(uses.repeated() == 0);
}

TEST_CASE("purposes: a study and an evaluation share no number") {
  const data::Dataset data = tests::tiny_data();
  const Trainer trainer(tests::tiny_config(), data);
  const gradvar::StudyModel model{trainer.model(), trainer.test_examples().some(5, 0)};
  const gradvar::StudyCells plan =
      gradvar::plan_cells({.bounds = "iw", .estimators = "stl", .m = {4}}, model);
  const tests::RandomUses uses;
  estimate_terms(trainer.model(), trainer.test_examples(), 0);
  gradvar::run_replicates(model, plan.cells.at(0), {.replicates = 8});
  CHECK(uses.repeated() == 0);
}

TEST_CASE("purposes: batches of an evaluation are permuted each in its own way") {
  TrainConfig config = config_of("factor_vae", "reparam");
  const tests::TempFolder folder;
  const data::Dataset data = data_of(folder, config.seed);
  Trainer trainer(config, data);
  const tests::RandomUses uses;
  trainer.held_out();  // two batches of 100
  CHECK(uses.purposes().contains("batch permuted in dimension d"));
  CHECK(uses.repeated() == 0);
}
