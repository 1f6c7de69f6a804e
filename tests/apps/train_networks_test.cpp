// The flags of networks, --like and --init-from, as a user gives them.
#include <filesystem>
#include <string>
#include <vector>

#include "lab/training/loaded_run.hpp"
#include "tests/apps/train_command.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using nelbo::tests::command;
using nelbo::tests::contains;
using nelbo::tests::last;
using nelbo::tests::Outcome;
using nelbo::tests::record_of;
using nelbo::tests::run_program_binary;
using nelbo::tests::write_data;
using nelbo::tests::operator/;
using Json = nlohmann::json;
using Words = std::vector<std::string>;

namespace {

Outcome trained(const std::string& data, const std::string& run, const Words& more) {
  const Outcome outcome = run_program_binary(command(data, run, more));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  return outcome;
}

}  // namespace

TEST_CASE("train: every flag of networks is shown, recorded, and opened again") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  const Outcome outcome = trained(data, run,
                                  {"--activation", "gelu", "--layer-norm", "--gated", "--dropout",
                                   "0.25", "--centre", "--epochs", "1"});
  CHECK_THAT(outcome.err, contains("networks    gelu, layer norm, gated, dropout 0.25, centred"));
  const Json settings = record_of(run)["settings"];
  CHECK(settings["activation"] == "gelu");
  CHECK(settings["layer_norm"] == true);
  CHECK(settings["gated"] == true);
  CHECK(settings["dropout"] == 0.25);
  CHECK(settings["centre"] == true);
  CHECK(settings["centre_mean"].size() == 64);
  const LoadedRun loaded = open_run(run);
  CHECK(loaded.config.dropout == 0.25);
  CHECK(loaded.store->tensor("encoder.0.gate.weight").shape().text() == "[64, 9]");
  CHECK(loaded.store->tensor("decoder.0.norm.bias").shape().text() == "[9]");
  // Alone, a checkpoint says all that its model needs.
  std::filesystem::copy(run + "/checkpoints/last.safetensors", folder / "alone.safetensors");
  CHECK(open_model(folder / "alone.safetensors").config.centre_mean == loaded.config.centre_mean);
  // Evaluation draws no masks.
  const Outcome once = run_program_binary({"eval", run}), twice = run_program_binary({"eval", run});
  CHECK(once.code == 0);
  CHECK(once.out == twice.out);

  // Step by step, with a stop inside the second epoch, it comes to the same bits.
  const Words same{"--activation", "gelu", "--layer-norm", "--gated",
                   "--dropout",    "0.25", "--centre"};
  const auto with = [&](Words words) {
    words.insert(words.begin(), same.begin(), same.end());
    return words;
  };
  trained(data, folder / "whole", with({"--steps", "5"}));
  trained(data, folder / "parts", with({"--steps", "2"}));
  REQUIRE(run_program_binary({"train", "--resume", folder / "parts", "--steps", "3"}).code == 0);
  CHECK(last(folder / "parts") == last(folder / "whole"));
}

TEST_CASE("train: --hidden none makes both networks linear") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  const Outcome outcome = trained(data, run, {"--hidden", "none", "--steps", "2"});
  CHECK_THAT(outcome.err, contains("mlp, no hidden layers, latent 2"));
  CHECK_THAT(tests::read_whole(run + "/config.toml"),
             contains("hidden = 'none'") || contains("hidden = \"none\""));
  const LoadedRun loaded = open_run(run);
  CHECK(loaded.store->entries().size() == 4);
  CHECK(loaded.store->tensor("decoder.output.weight").shape().text() == "[2, 64]");
  CHECK(run_program_binary({"train", "--resume", run, "--steps", "1"}).code == 0);
}

TEST_CASE("train: flags of networks are refused by name where they mean nothing") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  const auto refused = [&](const Words& more) {
    const Outcome outcome = run_program_binary(command(data, run, more));
    CHECK(outcome.code == 2);
    CHECK_FALSE(std::filesystem::exists(run));
    return outcome.err;
  };
  for (const Words& flag : std::vector<Words>{{"--activation", "relu"},
                                              {"--layer-norm"},
                                              {"--gated"},
                                              {"--dropout", "0.1"},
                                              {"--centre"},
                                              {"--hidden", "none"}}) {
    Words words = flag;
    words.insert(words.end(), {"--model", "burda"});
    if (flag.front() != "--hidden") {
      // The command's own widths are not burda's either.
      words.insert(words.end(), {"--hidden", "200,200"});
    }
    CHECK_THAT(refused(words), contains(flag.front() + ": ") && contains("burda"));
  }
  CHECK_THAT(refused({"--hidden", "none", "--gated"}), contains("--gated: ") && contains("hidden"));
  CHECK_THAT(refused({"--activation", "rellu"}),
             contains("--activation: ") && contains("did you mean 'relu'"));
  CHECK_THAT(refused({"--dropout", "1"}), contains("--dropout: ") && contains("below 1"));
}

TEST_CASE("train: --like takes all settings of a run, and flags overrule them") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  trained(data, run, {"--gated", "--lr", "0.002", "--seed", "3", "--steps", "2"});
  const auto like = [&](const std::string& out, Words more) {
    more.insert(more.begin(), {"train", "--like", run, "--threads", "1", "--out", folder / out});
    return run_program_binary(more);
  };
  REQUIRE(like("same", {}).code == 0);
  CHECK(last(folder / "same") == last(run));
  REQUIRE(like("other", {"--seed", "4", "--lr", "0.5", "--gated=false"}).code == 0);
  const TrainConfig other = open_run(folder / "other").config;
  CHECK(other.seed == 4);
  CHECK(other.lr == 0.5);
  CHECK_FALSE(other.gated);
  CHECK(other.hidden == std::vector<std::int64_t>{9});
  CHECK(other.steps == std::optional<std::uint64_t>(2));
  // What another model's networks are is its own.
  REQUIRE(like("burda", {"--model", "burda"}).code == 0);
  CHECK(open_run(folder / "burda").config.hidden == std::vector<std::int64_t>{200, 200});
  const Outcome nothing = like("no", {"--like", folder / "nowhere"});
  CHECK(nothing.code == 1);
  CHECK_THAT(nothing.err, contains("nowhere"));
  CHECK(run_program_binary({"train", "--resume", run, "--like", run}).code == 2);
}

TEST_CASE(
    "train: --init-from begins with another run's parameters, and resume does not ask again") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run", warm = folder / "warm";
  trained(data, run, {"--steps", "5"});
  const Outcome outcome = trained(data, warm, {"--init-from", run, "--gated", "--steps", "1"});
  CHECK_THAT(outcome.err, contains("note: 8 of 12 parameters begin as those of " + run) &&
                              contains("not encoder.0.gate.weight (not there)"));
  const Json record = record_of(warm);
  CHECK(record["settings"]["init_from"] == run + "/checkpoints/last.safetensors");
  CHECK(record["warm_start"]["taken"] == 8);
  CHECK(record["warm_start"]["parameters"] == 12);
  CHECK(record["warm_start"]["fresh"].size() == 4);

  // With --like the first step goes on from the other's parameters, and so does its remake.
  REQUIRE(run_program_binary({"train", "--like", run, "--init-from",
                              run + "/checkpoints/best.safetensors", "--lr", "1e-30", "--steps",
                              "1", "--out", folder / "same"})
              .code == 0);
  const LoadedRun same = open_run(folder / "same"), old = open_run(run);
  for (const auto& entry : old.store->entries()) {
    CHECK(same.store->tensor(entry.name).values() == old.store->tensor(entry.name).values());
  }
  REQUIRE(run_program_binary(
              {"train", "--like", folder / "same", "--init-from", "none", "--out", folder / "cold"})
              .code == 0);
  CHECK(open_run(folder / "cold").config.init_from.empty());

  std::filesystem::remove_all(run);
  CHECK(run_program_binary({"train", "--resume", warm, "--steps", "1"}).code == 0);
  const Outcome gone =
      run_program_binary(command(data, folder / "no", {"--init-from", run, "--steps", "1"}));
  CHECK(gone.code == 1);
  CHECK_THAT(gone.err, contains("no such run folder or checkpoint"));
  CHECK_FALSE(std::filesystem::exists(folder / "no"));
}

TEST_CASE("train: --init-from a run whose parameters all differ is refused") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run", no = folder / "no";
  trained(data, run, {"--steps", "1", "--model", "mlp"});
  // Another shape of example, width and code: no tensor fits.
  const data::Array images = tests::blobs(60, 4, 3);
  const std::string small = folder.write("small-images-idx3-ubyte", tests::idx_of(images));
  const Outcome outcome = run_program_binary(
      command(small, no, {"--init-from", run, "--hidden", "5", "--latent", "4", "--steps", "1"}));
  CHECK(outcome.code == 1);
  CHECK_THAT(outcome.err, contains("holds none of the model's 8 parameters"));
  CHECK_FALSE(std::filesystem::exists(no));
}
