// nelbo pictures, and what training draws.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "lab/training/run_lock.hpp"
#include "tests/apps/program_words.hpp"
#include "tests/apps/train_command.hpp"
#include "tests/apps/train_process.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using nlohmann::json;

TEST_CASE("pictures: a checkpoint draws what its training drew") {
  const TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run", again = folder / "again/deep";
  const Outcome made = run_program_binary({"train", "--data", data, "--hidden", "9", "--latent",
                                           "2", "--epochs", "2", "--out", run, "--quiet"});
  INFO(made.err);
  REQUIRE(made.code == 0);
  const auto drawn = [&](const std::string& in) {
    std::string all;
    for (const char* name : {"reconstructions", "samples", "traversals"}) {
      const std::string png = read_whole(in + "/" + name + ".png");
      CHECK(png.substr(1, 3) == "PNG");
      all += png;
    }
    return all;
  };
  const std::string before = drawn(run + "/images");
  REQUIRE(run_program_binary({"pictures", run, "--out", again}).code == 0);
  CHECK(drawn(again) == before);
  std::filesystem::remove_all(run + "/images");
  const Outcome own = run_program_binary({"pictures", run, "--json"});
  INFO(own.err);
  REQUIRE(own.code == 0);
  CHECK(json::parse(own.out)["out"] == run + "/images");
  CHECK(drawn(run + "/images") == before);
  REQUIRE(run_program_binary({"pictures", run, "--seed", "5"}).code == 0);
  CHECK(drawn(run + "/images") != before);

  std::filesystem::copy_file(run + "/checkpoints/last.safetensors", folder / "alone.safetensors");
  const Words alone{"pictures", folder / "alone.safetensors", "--data", data};
  const Outcome nowhere = run_program_binary(alone);
  CHECK(nowhere.code == 2);
  CHECK_THAT(nowhere.err, contains("--out: ") && contains("stands alone; name the folder"));
  CHECK(run_program_binary(alone + Words{"--out", folder / "alone"}).code == 0);
  const RunLock owner(run);
  const Outcome taken = run_program_binary({"pictures", run});
  CHECK(taken.code == 1);
  CHECK_THAT(taken.err, contains("process"));
}

TEST_CASE("pictures: --pictures draws after so many epochs, also of a run that does not end") {
  const TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  const auto epochs = [&] {
    const std::string lines = read_whole(run + "/metrics.jsonl");
    return std::count(lines.begin(), lines.end(), '\n');
  };
  // Ended by a signal, a run draws nothing at its end, and 10 s have not passed.
  Process training(folder, command(data, run, {"--epochs", "1000000", "--pictures", "3"}));
  for (int i = 0; i < 6000 && epochs() < 4; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  training.signal(SIGINT);
  CHECK(training.wait().code == 130);
  CHECK(std::filesystem::exists(run + "/images/traversals.png"));
  const Outcome on =
      run_program_binary({"train", "--resume", run, "--epochs", "1", "--pictures", "1"});
  INFO(on.err);
  CHECK(on.code == 0);
}
