// Steps before scaling, kept in a run and its checkpoints and applied to whatever it is given later.
#include "autodiff/error.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/evaluation/standard_errors.hpp"
#include "lab/training/loaded_run.hpp"
#include "lab/training/run_data.hpp"
#include "lab/training/run_lock.hpp"
#include "lab/training/train_plan.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

std::string npy_of(const data::Array& images) {
  const std::string side = std::to_string(images.shape[1]);
  return npy("|u1", "(" + std::to_string(images.shape[0]) + ", " + side + ", " + side + ")",
             {reinterpret_cast<const char*>(images.bytes.data()), images.bytes.size()});
}

/// A folder of 60 training and 20 test images of 9 x 9 bytes, and a run on it that crops, resizes and
/// inverts.
struct Run {
  Run() {
    std::filesystem::create_directory(folder / "data");
    folder.write("data/train.npy", npy_of(blobs(60, 9, 1)));
    test = folder.write("data/test.npy", npy_of(blobs(20, 9, 2)));
    TrainConfig config;
    config.data = folder / "data";
    config.crop = "8x8";
    config.resize = "4x4";
    config.invert = true;
    config.subset = 50;
    config.hidden = {5};
    config.latent = 2;
    config.batch = 10;
    config.epochs = 2;
    const auto data = load_run_data(config);
    Trainer trainer(resolve(config), *data);
    trainer.fit(2, [](const Epoch&) { return true; });
    const RunFolder run = RunFolder::at(folder / "run");
    { const RunLock lock = run.make(); }
    folder.write("run/config.toml", to_toml(trainer.config()));
    trainer.save(run.last());
  }
  double nell(const LoadedRun& run, const std::string& split) const {
    return estimate_terms(*run.model, run.examples(run.data->split(split)), 3).nell.mean;
  }

  TempFolder folder;
  std::string test;
};

}  // namespace

TEST_CASE("preprocess run: the settings go through config.toml, and only where they are used") {
  TrainConfig config;
  const std::string before = to_toml(config);
  for (const char* key : {"crop", "resize", "channels", "invert", "subset"})
    CHECK(before.find(key) == std::string::npos);
  config.crop = "20x24";
  config.resize = "28x27";
  config.channels = 3;
  config.invert = true;
  config.invert_from = 0.1;
  config.subset = 1000;
  for (const std::string& text : {to_toml(config), model_toml(config)}) {
    TrainConfig again;
    apply_toml(again, text, "config.toml");
    CHECK(steps_of(again) == steps_of(config));
    CHECK(again.invert_from == 0.1);
  }
  TrainConfig again;
  apply_toml(again, to_toml(config), "config.toml");
  CHECK(again.subset == 1000);
  CHECK(to_toml(again) == to_toml(config));
  forget_data(again);
  CHECK_FALSE(again.invert_from);
  for (const char* wrong : {"crop = '5'", "crop = 5", "resize = '28x0'", "resize = '2000x2'",
                            "channels = 2", "invert = 1", "invert_from = nan", "subset = 'all'"})
    CHECK_THROWS_AS(apply_toml(again, wrong, "config.toml"), SettingError);
  CHECK_THROWS_AS(resolve(TrainConfig{.subset = -1}), SettingError);
}

TEST_CASE("preprocess run: original data and those of the run give the same numbers") {
  const Run run;
  const LoadedRun own = open_run(run.folder / "run");
  CHECK(own.config.example == std::vector<std::int64_t>{4, 4});
  CHECK(own.config.invert_from == 255.0);
  CHECK(own.data->split("train").images.count() == 50);
  CHECK(own.data->split("test").images.count() == 20);
  const double nell = run.nell(own, "test");
  const LoadedRun other = open_run(run.folder / "run", {.spec = run.test});
  CHECK(other.data->example_shape() == std::vector<std::int64_t>{4, 4});
  CHECK(run.nell(other, "train") == nell);
  // And by a checkpoint that stands alone.
  const std::string alone = run.folder.write(
      "alone.safetensors", read_whole(run.folder / "run/checkpoints/last.safetensors"));
  CHECK(run.nell(open_run(alone, {.spec = run.test}), "train") == nell);
}

TEST_CASE("preprocess run: later data that do not fit are refused with the run's steps") {
  const Run run;
  const std::string small = run.folder.write("small.npy", npy_of(blobs(20, 5, 2)));
  CHECK_THROWS_WITH(
      open_run(run.folder / "run", {.spec = small}),
      contains("data: ") && contains("8x8 does not fit into pictures of 5x5") &&
          contains("the run does this to all its data: crop 8x8, resize 4x4, invert"));
  const std::string table = run.folder.write("b.csv", "1,2,3\n4,5,6\n");
  CHECK_THROWS_WITH(open_run(run.folder / "run", {.spec = table}), contains("are no pictures"));
}
