// A run that nelbo 0.1.0 left: `nelbo train --data sprites:32 --model mlp --hidden 1 --latent 2
// --epochs 1 --lr 0.01 --seed 1`. Files of earlier versions are read for ever.
#include <filesystem>

#include "lab/evaluation/standard_errors.hpp"
#include "lab/training/loaded_run.hpp"
#include "lab/training/run_folder.hpp"
#include "lab/training/trainer.hpp"
#include "tests/catch.hpp"
#include "tests/lab/data_files.hpp"

using namespace nelbo;

namespace {

const std::filesystem::path folder =
    std::filesystem::path(NELBO_SOURCE_DIR) / "tests/data/run-0.1.0";

}  // namespace

TEST_CASE("stored run of 0.1.0: it opens, and evaluates to what 0.1.0 printed") {
  const LoadedRun run = open_run(folder);
  REQUIRE(!run.notes.empty());
  CHECK_THAT(run.notes.front(), tests::contains("last.safetensors: holds no digest"));
  CHECK(run.config.prior == "normal");
  CHECK(run.model->codes() == CodeSpace{CodeSpace::Kind::continuous, 2});
  const TermMeans terms = estimate_terms(*run.model, run.test(), run.config.seed);
  CHECK(terms.elbo.mean == Approx(-130.48634542529314).epsilon(1e-6));
  CHECK(terms.nell.mean == Approx(129.1272232284546).epsilon(1e-6));
  CHECK(terms.div.mean == Approx(1.3591221968382596).epsilon(1e-6));
  CHECK(terms.elbo.standard_error == Approx(1.5473961744157403).epsilon(1e-6));
  CHECK(open_model(folder / "checkpoints/best.safetensors").store->count() == run.store->count());
}

TEST_CASE("stored run of 0.1.0: one more epoch ends where 0.1.0's ended") {
  const LoadedRun run = open_run(folder);
  TrainConfig config = run.config;
  config.epochs = 2;
  Trainer trainer(config, *run.data);
  CHECK_THAT(trainer.load(RunFolder::open(folder).last()), tests::contains("holds no digest"));
  CHECK(trainer.state().epoch == 1);
  CHECK(trainer.state().step == 90);
  CHECK(trainer.held_out().elbo() == Approx(-130.48634307384492).epsilon(1e-6));
  while (!trainer.epoch_ended()) trainer.step();
  const Metrics held_out = trainer.held_out();
  CHECK(trainer.close_epoch(held_out.objective));
  CHECK(trainer.state().step == 180);
  // Instruction sets round differently, and 90 steps carry it on.
  CHECK(held_out.elbo() == Approx(-126.5323542714119).epsilon(1e-4));
}

TEST_CASE("stored run: of another program's the command is told as a shell reads it") {
  const tests::TempFolder made;
  made.write("run.json",
             R"({"words": [{"kind": "model", "name": "my mlp"}],
                 "argv": ["./my nelbo", "train", "--objective", "nell + 2*div", "--seed", "3"]})");
  CHECK_THROWS_WITH(
      explain_missing_words(made.path(), [] { throw Error("no such model"); }),
      tests::contains("was made by another program, with the model 'my mlp': './my nelbo' "
                      "train --objective 'nell + 2*div' --seed 3"));
}
