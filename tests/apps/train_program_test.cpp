// `nelbo train` as a user runs it.
#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "lab/files/sha256.hpp"
#include "lab/training/evaluator.hpp"
#include "lab/training/loaded_run.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/terms/terms.hpp"
#include "tests/apps/train_command.hpp"
#include "tests/apps/train_process.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using nelbo::tests::command;
using nelbo::tests::last;
using nelbo::tests::lines_of;
using nelbo::tests::Outcome;
using nelbo::tests::step_of;
using nelbo::tests::write_data;
using Json = nlohmann::json;

namespace {

std::vector<std::string> keys_of(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

void check_metrics(const Json& metrics) {
  CHECK(keys_of(metrics) == std::vector<std::string>{"bound", "div", "elbo", "nell", "objective"});
  CHECK(metrics["objective"] == metrics["bound"]);
  CHECK(metrics["elbo"].get<double>() ==
        -(metrics["nell"].get<double>() + metrics["div"].get<double>()));
}

}  // namespace

TEST_CASE("train: the run folder and the JSON object") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "a run";
  const Outcome outcome =
      tests::run_program_binary(command(data, run, {"--epochs", "2", "--json"}));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);

  const Json result = Json::parse(outcome.out);  // throws for anything but exactly one value
  CHECK(keys_of(result) == std::vector<std::string>{"epochs", "examples_per_second", "isa",
                                                    "objective", "objective_shown", "report", "run",
                                                    "seconds", "seed", "steps", "test", "threads",
                                                    "train"});
  CHECK(result["run"] == run);
  CHECK(result["objective"] == "elbo");
  CHECK(result["epochs"] == 2);
  CHECK(result["steps"] == 6);
  CHECK(result["threads"] == 1);
  check_metrics(result["train"]);
  check_metrics(result["test"]);

  const auto lines = lines_of(run);
  REQUIRE(lines.size() == 2);
  CHECK(lines[1]["epoch"] == 2);
  CHECK(lines[1]["step"] == 6);
  for (const char* split : {"train", "test"}) {
    Json line = lines[1][split];
    CHECK(line["terms"]["nell"] == result[split]["nell"]);
    line.erase("terms");
    CHECK(line == result[split]);
  }
  CHECK(lines[1]["gradient_norm"].get<double>() > 0);
  CHECK(lines[1]["examples_per_second"].get<double>() > 0);

  const Json record = Json::parse(tests::read_whole(run + "/run.json"));
  CHECK(record["status"] == "finished");
  CHECK(record["data_hash"] == sha256_of_file(data));
  CHECK(record["test"] == result["test"]);
  CHECK_THAT(tests::read_whole(run + "/config.toml"), tests::contains(sha256_of_file(data)));
  CHECK_THAT(outcome.err,
             tests::contains("held out"));  // the header says where the test split is from
  for (const char* picture : {"reconstructions", "samples", "traversals"}) {
    CHECK(tests::read_whole(run + "/images/" + picture + ".png").substr(1, 3) == "PNG");
  }
  // No time, host, path or thread count in a checkpoint: an equal run elsewhere gives equal bytes.
  auto again = command(data, folder / "other", {"--epochs", "2"});
  again[std::size_t(std::find(again.begin(), again.end(), "--threads") - again.begin() + 1)] = "2";
  REQUIRE(tests::run_program_binary(again).code == 0);
  CHECK(last(folder / "other") == last(run));

  // The trained model is found again, and gives the numbers that were reported.
  const LoadedRun loaded = open_run(run);
  CHECK(loaded.config.latent == 2);
  const Examples test = loaded.test();
  Evaluator evaluator(loaded, elbo(), estimators::reparam(), 100, test, loaded.config.seed);
  CHECK(evaluator(0).nell == result["test"]["nell"].get<double>());
  CHECK(open_run(run + "/checkpoints/best.safetensors").store->count() == loaded.store->count());
}

TEST_CASE("train: 2N steps are N and N resumed, in files too") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder);
  const std::string whole = folder / "whole", parts = folder / "parts";
  const int half = GENERATE(3, 5);  // at the end of an epoch, and within one
  const std::string n = std::to_string(half), twice = std::to_string(2 * half);
  const Outcome one = tests::run_program_binary(command(data, whole, {"--steps", twice, "--json"}));
  REQUIRE(one.code == 0);
  REQUIRE(tests::run_program_binary(command(data, parts, {"--steps", n})).code == 0);
  // Lines of epochs that the checkpoint does not know, as a killed run leaves them, go.
  std::ofstream(parts + "/metrics.jsonl", std::ios::app) << "{\"epoch\":99}\n{\"epo";
  const Outcome two =
      tests::run_program_binary({"train", "--resume", parts, "--steps", n, "--json"});
  INFO(two.err);
  REQUIRE(two.code == 0);
  CHECK(last(whole) == last(parts));
  CHECK(tests::read_whole(whole + "/config.toml") == tests::read_whole(parts + "/config.toml"));
  CHECK(tests::read_whole(whole + "/checkpoints/best.safetensors") ==
        tests::read_whole(parts + "/checkpoints/best.safetensors"));
  for (const char* key : {"train", "test", "steps", "epochs"}) {
    CHECK(Json::parse(one.out)[key] == Json::parse(two.out)[key]);
  }
  auto a = lines_of(whole), b = lines_of(parts);
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (const char* of_the_clock : {"examples_per_second", "seconds"}) {
      a[i].erase(of_the_clock);
      b[i].erase(of_the_clock);
    }
    CHECK(a[i] == b[i]);
  }
}

TEST_CASE("train: further epochs, and what --resume does not take") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  REQUIRE(tests::run_program_binary(command(data, run, {"--epochs", "1"})).code == 0);
  const Outcome done = tests::run_program_binary({"train", "--resume", run});
  CHECK(done.code == 2);
  CHECK_THAT(done.err, tests::contains("--epochs"));
  CHECK(tests::run_program_binary({"train", "--resume", run, "--lr", "1"}).code == 2);
  REQUIRE(tests::run_program_binary({"train", "--resume", run, "--epochs", "2"}).code == 0);
  CHECK(lines_of(run).size() == 3);
  CHECK(step_of(run) == 9);

  std::string other = tests::read_whole(data);
  other.back() = char(other.back() + 1);
  folder.write("blobs-images-idx3-ubyte", other);
  const Outcome changed = tests::run_program_binary({"train", "--resume", run, "--epochs", "1"});
  CHECK(changed.code == 1);
  CHECK_THAT(changed.err, tests::contains("SHA-256"));
}

TEST_CASE("train: signals save, print how to resume, and lose nothing") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder);
  const auto [number, code] = GENERATE(std::pair(SIGINT, 130), std::pair(SIGTERM, 143));
  const std::string run = folder / "a run";
  tests::Process process(folder, command(data, run, {"--epochs", "1000000", "--json"}));
  REQUIRE(tests::Process::appears(run + "/metrics.jsonl"));
  process.signal(number);
  const Outcome outcome = process.wait();
  CHECK(outcome.code == code);
  CHECK_THAT(outcome.err, tests::contains(" train --resume '" + run + "'"));
  CHECK(outcome.out.empty());
  CHECK(Json::parse(tests::read_whole(run + "/run.json"))["status"] == "interrupted");

  const std::uint64_t step = step_of(run);
  REQUIRE(step > 0);
  REQUIRE(tests::run_program_binary({"train", "--resume", run, "--steps", "4"}).code == 0);
  const std::string whole = folder / "whole";
  const std::string steps = std::to_string(step + 4);
  REQUIRE(tests::run_program_binary(command(data, whole, {"--steps", steps})).code == 0);
  CHECK(last(run) == last(whole));
}

TEST_CASE("train: kill -9 at any moment leaves a loadable checkpoint or none") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder);
  // The moments of death are spread over twice the time that a run needs to end its first epoch.
  const auto start = std::chrono::steady_clock::now();
  {
    const std::string run = folder / "measured";
    tests::Process process(folder, command(data, run, {"--epochs", "1000000", "--quiet"}));
    REQUIRE(tests::Process::appears(run + "/metrics.jsonl"));
  }
  const std::chrono::duration<double> until_epoch = std::chrono::steady_clock::now() - start;
  std::mt19937 random(7);
  int with_checkpoint = 0;
  for (int trial = 0; trial < 20; ++trial) {
    const std::string run = folder / ("run" + std::to_string(trial));
    tests::Process process(folder, command(data, run, {"--epochs", "1000000", "--quiet"}));
    std::this_thread::sleep_for(until_epoch * 2 * std::generate_canonical<double, 32>(random));
    process.signal(SIGKILL);
    process.wait();
    if (!std::filesystem::exists(run + "/checkpoints/last.safetensors")) continue;
    ++with_checkpoint;
    const std::uint64_t step = step_of(run);  // throws for half a file
    REQUIRE(tests::run_program_binary({"train", "--resume", run, "--steps", "2", "--quiet"}).code ==
            0);
    CHECK(step_of(run) == step + 2);
    CHECK(lines_of(run).size() == (step + 2) / 3);
  }
  CHECK(with_checkpoint > 0);
}

TEST_CASE(
    "train: a checkpoint is there before the first step, and then every 2 s within an epoch") {
  const tests::TempFolder folder;
  const std::string run = folder / "run", checkpoint = run + "/checkpoints/last.safetensors";
  // One example a step: an epoch of 9,000 updates of 2.5 million parameters takes far longer than 2
  // s.
  tests::Process process(folder, {"train", "--data", "sprites", "--model", "mlp", "--hidden", "300",
                                  "--batch", "1", "--epochs", "1", "--threads", "1", "--out", run});
  REQUIRE(tests::Process::appears(checkpoint));
  CHECK(step_of(run) == 0);
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::uint64_t> steps{0};
  while (steps.size() < 3 && std::chrono::steady_clock::now() - start < std::chrono::seconds(60)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const std::uint64_t step = step_of(run);
    if (step != steps.back()) steps.push_back(step);
  }
  CHECK(steps.size() == 3);
  CHECK_FALSE(std::filesystem::exists(run + "/metrics.jsonl"));
}

TEST_CASE("train: a run killed before its first checkpoint starts anew") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run", whole = folder / "whole";
  REQUIRE(tests::run_program_binary(command(data, run, {"--steps", "2"})).code == 0);
  std::filesystem::remove(run + "/checkpoints/last.safetensors");
  const Outcome lost = tests::run_program_binary({"train", "--resume", run});
  CHECK(lost.code == 1);  // there was one, and best.safetensors tells
  CHECK_THAT(lost.err, tests::contains("last.safetensors: is missing"));
  std::filesystem::remove(run + "/checkpoints/best.safetensors");
  const Outcome anew = tests::run_program_binary({"train", "--resume", run});
  REQUIRE(anew.code == 0);
  CHECK_THAT(anew.err, tests::contains("last.safetensors: not there yet"));
  REQUIRE(tests::run_program_binary(command(data, whole, {"--steps", "2"})).code == 0);
  CHECK(last(run) == last(whole));
}

TEST_CASE("train: a loss that is not finite ends with code 4 and the operator's name") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  const Outcome outcome = tests::run_program_binary(command(
      data, run,
      {"--epochs", "9", "--lr", "1e6", "--optimizer", "sgd", "--likelihood", "normal:1e-30"}));
  CHECK(outcome.code == 4);
  const Json record = Json::parse(tests::read_whole(run + "/run.json"));
  CHECK(record["status"] == "not finite");
  const std::string op = record["operator"];
  CHECK_FALSE(op.empty());
  CHECK_THAT(outcome.err, tests::contains("'" + op + "'") && tests::contains("last.safetensors"));
  CHECK_NOTHROW(open_run(run));
}

TEST_CASE("train: wrong usage ends with code 2 and leaves no folder") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  const std::vector<std::vector<std::string>> wrong{{"--objective", "nell + 4*dif"},
                                                    {"--objective", ""},
                                                    {"--model", "mpl"},
                                                    {"--likelihood", "gauss"},
                                                    {"--epochs", "0"},
                                                    {"--steps", "1", "--epochs", "1"},
                                                    {"--lr", "-1"},
                                                    {"--hidden", "5,,5"},
                                                    {"--hidden", "a"},
                                                    {"--seed", "-1"},
                                                    {"--batch", "1e3"},
                                                    {"--preset", "quickstrat"},
                                                    {"--threads", "0"},
                                                    {"--unknown"},
                                                    {"--optimizer", "adan"}};
  for (const auto& flags : wrong) {
    std::vector<std::string> args{"train", "--data", data, "--out", run};
    args.insert(args.end(), flags.begin(), flags.end());
    const Outcome outcome = tests::run_program_binary(args);
    INFO(flags.front() << " " << flags.back() << ": " << outcome.err);
    CHECK(outcome.code == 2);
    CHECK_FALSE(outcome.err.empty());
    CHECK(outcome.out.empty());
  }
  CHECK(tests::run_program_binary({"train", "--data", folder / "nothing", "--out", run}).code == 1);
  CHECK(tests::run_program_binary({"train", "--data", data, "--model", "conv64", "--out", run})
            .code == 2);
  CHECK_FALSE(std::filesystem::exists(run));

  REQUIRE(tests::run_program_binary(command(data, run, {"--steps", "1"})).code == 0);
  const Outcome again = tests::run_program_binary(command(data, run, {"--steps", "1"}));
  CHECK(again.code == 2);
  CHECK_THAT(again.err, tests::contains("--out: ") && tests::contains("resume"));
}

TEST_CASE("train: flags overrule the file, the file the preset") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  const std::string config =
      folder.write("my.toml", "latent = 4\nlr = 0.5\nhidden = [6, 5]\nmodel = 'mlp'\n");
  const Outcome outcome = tests::run_program_binary({"train", "--preset", "quickstart", "--config",
                                                     config, "--data", data, "--lr", "0.25",
                                                     "--steps", "1", "--batch", "3", "--out", run});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const TrainConfig used = open_run(run).config;
  CHECK(used.latent == 4);
  CHECK(used.lr == 0.25);
  CHECK(used.hidden == std::vector<std::int64_t>{6, 5});
  CHECK(used.data == data);
  CHECK(used.steps == std::optional<std::uint64_t>(1));
  CHECK_FALSE(used.epochs.has_value());
  const std::string wrong = folder.write("wrong.toml", "latnet = 4\n");
  const Outcome refused =
      tests::run_program_binary({"train", "--config", wrong, "--out", folder / "no"});
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, tests::contains("wrong.toml") && tests::contains("'latent'"));
}
