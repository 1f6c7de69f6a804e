// A run that goes on: with changed settings, after damage, beside another process.
#include <filesystem>
#include <fstream>

#include "lab/training/loaded_run.hpp"
#include "tests/apps/train_command.hpp"
#include "tests/apps/train_process.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using nelbo::tests::command;
using nelbo::tests::contains;
using nelbo::tests::last;
using nelbo::tests::lines_of;
using nelbo::tests::Outcome;
using nelbo::tests::record_of;
using nelbo::tests::run_program_binary;
using nelbo::tests::step_of;
using nelbo::tests::write_data;
using nelbo::tests::operator/;
using Json = nlohmann::json;

namespace {

/// Turns one bit in the middle of the tensors of a checkpoint.
void damage(const std::string& path) {
  std::string bytes = tests::read_whole(path);
  bytes[bytes.size() - 100] = char(bytes[bytes.size() - 100] ^ 4);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace

TEST_CASE("resume: another lr is taken when it is said, and run.json says at which step") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  REQUIRE(run_program_binary(command(data, run, {"--epochs", "1"})).code == 0);
  const Outcome refused = run_program_binary({"train", "--resume", run, "--lr", "1e-4"});
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, contains("--lr: ") && contains("--change lr=VALUE"));
  const Outcome fixed = run_program_binary({"train", "--resume", run, "--latent", "3"});
  CHECK(fixed.code == 2);
  CHECK_THAT(fixed.err, contains("start a new run"));
  const Outcome alone = run_program_binary(command(data, folder / "new", {"--change", "lr=1"}));
  CHECK(alone.code == 2);
  CHECK_THAT(alone.err, contains("--change: ") && contains("--resume"));

  const Outcome changed = run_program_binary(
      {"train", "--resume", run, "--change", "lr=1e-4", "--change", "batch=27", "--epochs", "1"});
  INFO(changed.err);
  REQUIRE(changed.code == 0);
  const LoadedRun loaded = open_run(run);
  CHECK(loaded.config.lr == 1e-4);
  CHECK(loaded.config.batch == 27);
  CHECK(step_of(run) == 3 + 2);
  const Json resumed = record_of(run)["resumed"][0];
  CHECK(resumed["step"] == 3);
  CHECK(resumed["changed"]["lr"]["from"] == 1e-3);
  CHECK(resumed["changed"]["lr"]["to"] == 1e-4);
  CHECK(resumed["changed"]["batch"]["from"] == 20);
  CHECK(resumed["changed"]["batch"]["to"] == 27);
  CHECK_THAT(changed.err, contains("epoch 2/2"));
}

TEST_CASE("resume: within an epoch with another batch, and with other weights") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  REQUIRE(run_program_binary(
              command(data, run, {"--steps", "4", "--objective", "nell + warmup(2, steps=4)*div"}))
              .code == 0);
  // 20 of the 54 examples of the second epoch are seen: 34 are left, in batches of 10 four.
  const Outcome batch =
      run_program_binary({"train", "--resume", run, "--change", "batch=10", "--epochs", "1"});
  INFO(batch.err);
  REQUIRE(batch.code == 0);
  CHECK(step_of(run) == 8);
  CHECK(lines_of(run).size() == 2);

  const Outcome weights = run_program_binary(
      {"train", "--resume", run, "--change", "objective=nell + 3*div", "--epochs", "1"});
  INFO(weights.err);
  REQUIRE(weights.code == 0);
  CHECK(open_run(run).config.objective == "nell + 3*div");
  CHECK(record_of(run)["resumed"][1]["changed"]["objective"]["to"] == "nell + 3*div");
  const std::string before = last(run), config = tests::read_whole(run + "/config.toml");
  for (const char* wrong :
       {"objective=nell + div + mmd", "objective=elbo", "latent=3", "lr=fast"}) {
    CAPTURE(wrong);
    const Outcome refused =
        run_program_binary({"train", "--resume", run, "--change", wrong, "--epochs", "1"});
    CHECK(refused.code == 2);
    CHECK_THAT(refused.err, contains("--change: '" + std::string(wrong)));
  }
  for (const auto& [wrong, why] : {std::pair{"latent=3", "'latent' cannot be changed"},
                                   {"lrr=3", "there is no setting 'lrr'"},
                                   {"lr", "is not written as in lr=1e-4"}}) {
    const Outcome refused = run_program_binary({"train", "--resume", run, "--change", wrong});
    CHECK(refused.code == 2);
    CHECK_THAT(refused.err, contains(why));
  }
  CHECK(last(run) == before);
  CHECK(tests::read_whole(run + "/config.toml") == config);
}

TEST_CASE("resume: what diverged says how to go on, and so it goes on") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  const Outcome diverged = run_program_binary(command(
      data, run,
      {"--epochs", "2", "--lr", "1e6", "--optimizer", "sgd", "--likelihood", "normal:1e-30"}));
  REQUIRE(diverged.code == 4);
  CHECK_THAT(diverged.err, contains(" train --resume " + run + " --change lr="));
  const Outcome on = run_program_binary({"train", "--resume", run, "--change", "lr=1e-40"});
  INFO(on.err);
  CHECK(on.code == 0);
  CHECK(record_of(run)["status"] == "finished");
}

TEST_CASE("resume: a run that still trains is refused with who holds it") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  tests::Process process(folder, command(data, run, {"--epochs", "1000000", "--quiet"}));
  REQUIRE(tests::Process::appears(run + "/metrics.jsonl"));
  const std::string owner = tests::read_whole(run + "/lock");
  CHECK_THAT(owner, contains("process ") && contains(" on host "));
  const Outcome second = run_program_binary({"train", "--resume", run, "--steps", "3"});
  CHECK(second.code == 1);
  CHECK_THAT(second.err, contains("in use by " + owner.substr(0, owner.size() - 1)));
  const Outcome third = run_program_binary(command(data, run, {"--steps", "3"}));
  CHECK(third.code == 2);
  CHECK_THAT(third.err, contains("--out: ") && contains("in use by process "));
  CHECK(run_program_binary({"eval", run}).code == 0);  // reading is free
  process.signal(SIGKILL);
  process.wait();
  CHECK(std::filesystem::exists(run + "/lock"));  // what it left behind does not hold
  REQUIRE(run_program_binary({"train", "--resume", run, "--steps", "3"}).code == 0);
  CHECK_FALSE(std::filesystem::exists(run + "/lock"));
}

TEST_CASE("resume: a damaged or lost checkpoint is named, and nothing is fallen back to") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  REQUIRE(run_program_binary(command(data, run, {"--epochs", "2"})).code == 0);
  const std::string whole = last(run), path = run + "/checkpoints/last.safetensors";
  const std::string metrics = tests::read_whole(run + "/metrics.jsonl");
  damage(path);
  const std::vector<std::vector<std::string>> commands{{"train", "--resume", run, "--epochs", "1"},
                                                       {"eval", run},
                                                       {"decompose", run},
                                                       {"encode", run, "--out", folder / "z.npz"}};
  for (const auto& one : commands) {
    const Outcome outcome = run_program_binary(one);
    CAPTURE(one.front());
    CHECK(outcome.code == 1);
    CHECK_THAT(outcome.err, contains("last.safetensors: is damaged"));
  }
  CHECK(tests::read_whole(run + "/metrics.jsonl") == metrics);
  std::filesystem::remove(path);
  const Outcome lost = run_program_binary({"train", "--resume", run, "--epochs", "1"});
  CHECK(lost.code == 1);
  CHECK_THAT(lost.err, contains("last.safetensors: is missing"));
  CHECK_FALSE(std::filesystem::exists(path));
  std::ofstream(path, std::ios::binary) << whole;
  std::filesystem::remove_all(run + "/images");  // as a copy by git leaves a run without pictures
  CHECK(run_program_binary({"train", "--resume", run, "--epochs", "1"}).code == 0);
  CHECK(std::filesystem::exists(run + "/images/samples.png"));
}

TEST_CASE("train --memory low: the bits of as many parts, also where one resumes the other") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder);
  const auto train = [&](const std::string& out, const std::vector<std::string>& more) {
    const auto outcome = run_program_binary(command(data, folder / out, more));
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
  };
  train("ample", {"--epochs", "3", "--parts", "4"});
  train("low", {"--epochs", "3", "--memory", "low"});
  CHECK(last(folder / "low") == last(folder / "ample"));
  train("mixed", {"--epochs", "2", "--memory", "low"});
  REQUIRE(run_program_binary({"train", "--resume", folder / "mixed", "--epochs", "1"}).code == 0);
  CHECK(last(folder / "mixed") == last(folder / "ample"));

  train("whole", {"--epochs", "1"});
  const auto whole = run_program_binary(
      {"train", "--resume", folder / "whole", "--epochs", "1", "--memory", "low"});
  CHECK(whole.code == 2);
  CHECK_THAT(whole.err, contains("--memory: low: the run has one part of every batch"));
  const auto compares = run_program_binary(command(
      data, folder / "tc", {"--memory", "low", "--objective", "beta_tcvae", "--epochs", "1"}));
  CHECK(compares.code == 2);
  CHECK_THAT(compares.err,
             contains("--memory: low: the objective or the model compares the data of a batch"));
  CHECK(!std::filesystem::exists(folder / "tc"));
}
