#include <fstream>
#include <memory>
#include <optional>
#include <vector>

#include "autodiff/setting_error.hpp"
#include "lab/training/checkpoint.hpp"
#include "lab/training/run_folder.hpp"
#include "models/init.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;

namespace {

Initializer counting(float from) {
  return [from](const Tensor& parameter, std::uint64_t, std::uint32_t) {
    for (std::int64_t i = 0; i < parameter.size(); ++i) {
      parameter.data_as<float>()[i] = from + float(i);
    }
  };
}

/// Two parameters and their optimiser.
struct Learner {
  explicit Learner(float from, std::int64_t width = 3) {
    store.add("a.weight", "theta", {2, width}, counting(from));
    store.add("b.bias", "phi", {5}, counting(from + 100));
    store.freeze(0);
    optimizer.emplace(OptimizerConfig{},
                      std::vector<Range>{store.range("theta"), store.range("phi")});
  }
  std::vector<NamedOptimizer> optimizers() { return {{"optimizer", &*optimizer}}; }
  ParameterStore store;
  std::optional<Optimizer> optimizer;
};

TrainState some_state() {
  TrainState state;
  state.step = 12345678901234567ull;
  state.epoch = 3;
  state.batch = 2;
  state.sums = {{0.1, -1e-300, 1.0 / 7, {2.5, -1.0 / 9}}, 77};
  state.gradient_norms = 1.0 / 3;
  state.best = -104.3;
  return state;
}

}  // namespace

TEST_CASE("checkpoint: everything comes back") {
  tests::TempFolder folder;
  const std::string path = folder / "last.safetensors";
  Learner saved(1);
  GradientSink gradient(saved.store);
  for (std::int64_t i = 0; i < gradient.buffer().size(); ++i) {
    gradient.buffer().data_as<float>()[i] = float(i) - 7;
  }
  saved.optimizer->step(saved.store.data(), gradient.data(), 0.1);
  saved.optimizer->step(saved.store.data(), gradient.data(), 0.1);
  save_checkpoint(path, "model = 'mlp'\n", {}, saved.store, saved.optimizers(), some_state());

  Learner loaded(50);
  TrainState state;
  load_checkpoint(path, loaded.store, loaded.optimizers(), state);
  for (const char* name : {"a.weight", "b.bias"}) {
    CHECK(loaded.store.tensor(name).values() == saved.store.tensor(name).values());
  }
  CHECK(loaded.optimizer->steps() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(loaded.optimizer->state()[i].values.values() ==
          saved.optimizer->state()[i].values.values());
  }
  const TrainState wanted = some_state();
  CHECK(state.step == wanted.step);
  CHECK(state.epoch == wanted.epoch);
  CHECK(state.batch == wanted.batch);
  CHECK(state.sums.sums.nell == wanted.sums.sums.nell);
  CHECK(state.sums.sums.div == wanted.sums.sums.div);
  CHECK(state.sums.sums.objective == wanted.sums.sums.objective);
  CHECK(state.sums.sums.terms == wanted.sums.sums.terms);
  CHECK(state.sums.examples == wanted.sums.examples);
  CHECK(state.gradient_norms == wanted.gradient_norms);
  CHECK(state.best == wanted.best);

  // Parameters alone come from either kind of file.
  const auto read = [](const std::string& file) {
    auto store = std::make_unique<ParameterStore>();
    store->add("a.weight", "theta", {2, 3}, zeros());
    store->add("b.bias", "phi", {5}, zeros());
    freeze_from(file, *store);
    return store;
  };
  save_parameters(folder / "best.safetensors", "model = 'mlp'\n", {}, saved.store, some_state());
  for (const std::string& file : {path, folder / "best.safetensors"}) {
    CHECK(read(file)->tensor("a.weight").values() == saved.store.tensor("a.weight").values());
    CHECK(read(file)->tensor("b.bias").values() == saved.store.tensor("b.bias").values());
    CHECK(model_of_checkpoint(file) == "model = 'mlp'\n");
  }
}

TEST_CASE("checkpoint: what does not fit is refused and changes nothing") {
  tests::TempFolder folder;
  const std::string path = folder / "last.safetensors";
  Learner saved(1);
  save_checkpoint(path, "model = 'mlp'\n", {}, saved.store, saved.optimizers(), some_state());

  Learner other(7, 4);
  const auto before = other.store.tensor("b.bias").values();
  TrainState state;
  CHECK_THROWS_WITH(
      load_checkpoint(path, other.store, other.optimizers(), state),
      tests::contains("a.weight") && tests::contains("2 x 3") && tests::contains(path));
  CHECK(other.store.tensor("b.bias").values() == before);
  CHECK(state.step == 0);

  save_parameters(folder / "best.safetensors", "model = 'mlp'\n", {}, saved.store, some_state());
  CHECK_THROWS_WITH(
      load_checkpoint(folder / "best.safetensors", saved.store, saved.optimizers(), state),
      tests::contains("optimizer.m"));

  ParameterStore fewer;
  fewer.add("a.weight", "theta", {2, 3}, counting(0));
  CHECK_THROWS_WITH(freeze_from(path, fewer), tests::contains("b.bias"));

  std::string bytes = read_text(path);
  for (const std::size_t length :
       {std::size_t(0), std::size_t(7), bytes.size() / 2, bytes.size() - 1}) {
    const std::string half = folder / "half.safetensors";
    std::ofstream(half, std::ios::binary).write(bytes.data(), std::streamsize(length));
    ParameterStore store;
    store.add("a.weight", "theta", {2, 3}, zeros());
    CHECK_THROWS_AS(freeze_from(half, store), Error);
    CHECK_THROWS_AS(model_of_checkpoint(half), Error);
  }
}

TEST_CASE("run folder: used ones are refused, metrics are cut back to whole epochs") {
  tests::TempFolder temporary;
  const RunFolder folder = RunFolder::at(temporary / "a run");
  { const RunLock lock = folder.make(); }
  CHECK_NOTHROW(RunFolder::at(temporary / "a run"));  // as a process leaves it that ends at once
  folder.append_metrics("{}");
  CHECK_THROWS_WITH(RunFolder::at(temporary / "a run"),
                    tests::contains("out: ") && tests::contains("resume"));
  CHECK_THROWS_AS(RunFolder::open(temporary / "a run"), Error);  // holds no config.toml
  folder.cut_metrics(0);

  for (const char* line : {"{\"epoch\":1}", "{\"epoch\":2}", "{\"epoch\":3}"})
    folder.append_metrics(line);
  std::ofstream(folder.metrics(), std::ios::app) << "{\"epo";  // killed while writing
  folder.cut_metrics(2);
  CHECK(read_text(folder.metrics()) == "{\"epoch\":1}\n{\"epoch\":2}\n");
  folder.append_metrics("{}");
  CHECK(read_text(folder.metrics()) == "{\"epoch\":1}\n{\"epoch\":2}\n{}\n");
  folder.cut_metrics(0);
  CHECK(read_text(folder.metrics()).empty());
}
