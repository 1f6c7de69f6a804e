// `nelbo sweep` as a user runs it.
#include <nlohmann/json.hpp>

#include "apps/reports/run_history.hpp"
#include "lab/training/run_lock.hpp"
#include "tests/apps/train_command.hpp"
#include "tests/apps/train_process.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using Words = std::vector<std::string>;

namespace {

Words sweep(const std::string& out, Words grids, const std::string& data, Words more) {
  Words words{"sweep", "--out", out, "--threads", "2"};
  words.insert(words.end(), grids.begin(), grids.end());
  words.insert(words.end(), {"--", "train", "--data", data, "--model", "mlp", "--hidden", "9",
                             "--latent", "2", "--batch", "20"});
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::vector<std::string> folders_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("sweep: every combination is a run, and finished ones are not made again") {
  const TempFolder folder;
  const std::string data = write_data(folder), out = folder.path() + "/s";
  const Words objective{"--objective", "nell + {beta}*div", "--epochs", "2"};
  const Outcome first =
      run_program_binary(sweep(out, {"--grid", "beta=1,4", "--seeds", "0..1"}, data, objective));
  INFO(first.err);
  REQUIRE(first.code == 0);
  CHECK(folders_in(out) ==
        Words{"01_beta=1_seed=0", "02_beta=1_seed=1", "03_beta=4_seed=0", "04_beta=4_seed=1"});
  CHECK_THAT(first.err, contains("4 runs, 0 of them finished; 2 at once, 1 thread each") &&
                            contains("/4  04_beta=4_seed=1  finished"));
  CHECK_THAT(first.out, contains("mean +- standard deviation over seeds") &&
                            contains("report: " + out + "/report.html"));
  CHECK_THAT(read_whole(out + "/report.html"), contains("4 runs that differ in objective, seed"));
  CHECK_FALSE(std::filesystem::exists(out + "/lock"));
  const FoundRuns found = find_runs({out});
  REQUIRE(found.runs.size() == 4);
  CHECK(found.runs[2].setting("objective") == "nell + 4*div");
  CHECK(found.runs[3].setting("seed") == "1");
  // The same numbers as the command by hand.
  REQUIRE(run_program_binary(command(data, folder.path() + "/hand",
                                     {"--objective", "nell + 4*div", "--epochs", "2", "--seed", "1",
                                      "--binarize", "none"}))
              .code == 0);
  CHECK(lines_of(folder.path() + "/hand").back()["test"] ==
        lines_of(out + "/04_beta=4_seed=1").back()["test"]);

  const auto written = std::filesystem::last_write_time(out + "/01_beta=1_seed=0/run.json");
  const Outcome again =
      run_program_binary(sweep(out, {"--grid", "beta=1,4,8", "--seeds", "0"}, data, objective));
  CHECK(again.code == 0);
  CHECK_THAT(again.err, contains("3 runs, 2 of them finished"));
  CHECK(folders_in(out).back() == "05_beta=8_seed=0");
  CHECK(std::filesystem::last_write_time(out + "/01_beta=1_seed=0/run.json") == written);
}

TEST_CASE("sweep: a run that fails stops no other, and the exit code tells") {
  const TempFolder folder;
  const std::string data = write_data(folder), out = folder.path() + "/s";
  const Words words = sweep(out, {"--grid", "latent=2,0,3", "--json"}, data, {"--epochs", "1"});
  Words without;  // --latent is the grid's here
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--latent") {
      ++i;
    } else {
      without.push_back(words[i]);
    }
  }
  const Outcome outcome = run_program_binary(without);
  CHECK(outcome.code == 1);
  CHECK(folders_in(out) == Words{"01_latent=2", "03_latent=3"});
  CHECK_THAT(outcome.err, contains("02_latent=0  failed (2)") &&
                              contains("02_latent=0.log: nelbo: --latent: '0' is not") &&
                              contains("1 of 3 runs failed"));
  const auto json = nlohmann::json::parse(outcome.out);
  CHECK(json["runs"].size() == 2);
  CHECK(json["runs"][1]["differs"]["latent"] == "3");
}

TEST_CASE("sweep: values are passed as they are, through no shell") {
  const TempFolder folder;
  const std::string out = folder.path() + "/s", trap = folder.path() + "/trap";
  const std::string data = write_data(folder);
  const Outcome outcome = run_program_binary(
      sweep(out, {"--grid", "objective=$(touch " + trap + ")|elbo; touch " + trap + "|elbo"}, data,
            {"--epochs", "1"}));
  CHECK(outcome.code == 1);
  CHECK_FALSE(std::filesystem::exists(trap));
  CHECK_THAT(outcome.err, contains("2 of 3 runs failed"));
  CHECK_THAT(outcome.err,
             contains("--objective 'objective=$(touch") || contains("--grid 'objective="));
  CHECK(find_runs({out}).runs[0].status == "finished");
}

TEST_CASE("sweep: what cannot be meant is refused before anything is made") {
  const TempFolder folder;
  const std::string out = folder.path() + "/s";
  const auto refused = [&](Words words) {
    const Outcome outcome = run_program_binary(words);
    CHECK(outcome.code == 2);
    CHECK_FALSE(std::filesystem::exists(out));
    return outcome.err;
  };
  CHECK_THAT(
      refused({"sweep", "--out", out, "--grid", "beta=1", "--", "train", "--objective", "{b}"}),
      contains("{b} has no grid"));
  CHECK_THAT(refused({"sweep", "--out", out, "--", "train"}), contains("--grid: is missing"));
  CHECK_THAT(refused({"sweep", "--out", out, "--grid", "lr=1", "--", "eval"}),
             contains("'eval' is none"));
  CHECK_THAT(refused({"sweep", "--out", out, "--grid", "lr=1", "--", "train", "--out=x"}),
             contains("--out is not for the command"));
  CHECK_THAT(refused({"sweep", "--out", out, "--grid", "lr=1", "--", "train", "--lr", "2"}),
             contains("--lr is in the command already"));
  CHECK_THAT(refused({"sweep", "--out", out, "--seeds", "3..1", "--", "train"}),
             contains("--seeds: '3..1'"));
  CHECK_THAT(refused({"sweep", "--out", out, "--grid", "out=a,b", "--", "train"}),
             contains("'out' is not for a sweep to vary"));
  CHECK_THAT(refused({"sweep", "--grid", "lr=1"}), contains("COMMAND"));
  folder.write("file", "");
  CHECK(
      run_program_binary({"sweep", "--out", folder.path(), "--grid", "lr=1", "--", "train"}).code ==
      2);
}

TEST_CASE("sweep: of its own words the wrong one is named, not the command behind --") {
  const auto told = [](Words words) {
    const Outcome outcome = run_program_binary(words);
    CHECK(outcome.code == 2);
    return outcome.err;
  };
  CHECK_THAT(told({"sweep", "--jobs", "0", "--grid", "lr=1", "--", "train"}),
             contains("--jobs") && !contains("unknown"));
  CHECK_THAT(told({"sweep", "--grid", "lr=1", "--foo", "3", "--", "train"}),
             contains("unknown flag --foo"));
  CHECK_THAT(told({"sweep", "--grid", "lr=1", "--"}), contains("COMMAND is required"));
}

TEST_CASE("sweep: Ctrl-C saves all runs, and the same command goes on with them") {
  const TempFolder folder;
  const std::string data = write_data(folder), out = folder.path() + "/s";
  const auto words = [&](const char* steps) {
    return sweep(out, {"--seeds", "0..2"}, data, {"--steps", steps});
  };
  Process process(folder, words("300000"));
  REQUIRE(Process::appears(out + "/02_seed=1/checkpoints/last.safetensors"));
  process.signal(SIGINT);
  const Outcome outcome = process.wait();
  CHECK(outcome.code == 130);
  CHECK_THAT(outcome.err,
             contains("interrupted; go on with\n  ") && contains("01_seed=0  interrupted"));
  CHECK(folders_in(out).size() == 2);  // the third was not begun
  for (const RunHistory& run : find_runs({out}).runs) CHECK(run.status == "interrupted");
  CHECK_FALSE(std::filesystem::exists(out + "/lock"));
}

TEST_CASE("sweep: its death is its runs' end, and the same command goes on to the same bits") {
  const TempFolder folder;
  const std::string data = write_data(folder), out = folder.path() + "/s";
  const Words words = sweep(out, {"--seeds", "0..1"}, data, {"--epochs", "400"});
  {
    Process process(folder, words);
    REQUIRE(Process::appears(out + "/02_seed=1/metrics.jsonl"));
    process.signal(SIGKILL);
    CHECK(process.wait().code == -1);
  }
  const Outcome second = run_program_binary(words);  // at once: it waits for what is ending
  INFO(second.err);
  CHECK(second.code == 0);
  REQUIRE(run_program_binary(command(data, folder.path() + "/whole",
                                     {"--epochs", "400", "--seed", "1", "--binarize", "none"}))
              .code == 0);
  CHECK(lines_of(out + "/02_seed=1").back()["test"] ==
        lines_of(folder.path() + "/whole").back()["test"]);
}

TEST_CASE("sweep: a run that was ended before its first file begins anew, after its last is done") {
  const TempFolder folder;
  const std::string data = write_data(folder), out = folder.path() + "/s";
  const Words words = sweep(out, {"--seeds", "0..1"}, data, {"--epochs", "1"});
  REQUIRE(run_program_binary(words).code == 0);
  const std::string begun = out + "/01_seed=0", ended = out + "/02_seed=1";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(begun)) {
    if (entry.is_regular_file()) std::filesystem::remove(entry.path());
  }
  std::string record = read_whole(ended + "/run.json");
  record.replace(record.find("finished"), 8, "running");
  std::ofstream(ended + "/run.json") << record;
  const auto written = std::filesystem::last_write_time(ended + "/checkpoints/last.safetensors");
  const Outcome again = run_program_binary(words);
  INFO(again.err);
  CHECK(again.code == 0);
  CHECK_THAT(again.err, contains("2 runs, 1 of them finished"));
  CHECK(std::filesystem::exists(begun + "/checkpoints/last.safetensors"));
  CHECK(std::filesystem::last_write_time(ended + "/checkpoints/last.safetensors") == written);
}

TEST_CASE("sweep: flags that are yes or no vary, and values that look like flags are values") {
  const TempFolder folder;
  const std::string data = write_data(folder), out = folder.path() + "/s";
  const Outcome outcome = run_program_binary(
      sweep(out, {"--grid", "gated=true,false", "--grid", "lr=1e-3,-1"}, data, {"--epochs", "1"}));
  CHECK_THAT(outcome.err, contains("2 of 4 runs failed") &&
                              contains("lr=-1.log: nelbo: --lr: '-1' is -1 at step 0"));
  const FoundRuns found = find_runs({out});
  REQUIRE(found.runs.size() == 2);
  CHECK(found.runs[0].setting("gated") == "true");
  CHECK(found.runs[1].setting("gated").empty());
}

TEST_CASE("sweep: a run that goes on is told again what its folder does not keep") {
  const TempFolder folder;
  const std::string data = write_data(folder), out = folder.path() + "/s";
  const Words words =
      sweep(out, {"--seeds", "0"}, data,
            {"--steps", "4000", "--log-gradient-snr", "2000", "--pictures=1000", "--quiet"});
  {
    Process process(folder, words);
    REQUIRE(Process::appears(out + "/01_seed=0/metrics.jsonl"));
    process.signal(SIGKILL);
    CHECK(process.wait().code == -1);
  }
  const Outcome again = run_program_binary(words);
  INFO(again.err);
  CHECK(again.code == 0);
  const FoundRuns found = find_runs({out});
  REQUIRE(found.runs.size() == 1);
  CHECK(found.runs[0].gradient_snr.size() == 2);
}

TEST_CASE("sweep: two in one folder do not meet") {
  const TempFolder folder;
  const std::string data = write_data(folder), out = folder.path() + "/s";
  std::filesystem::create_directories(out);
  const RunLock lock(out);
  const Outcome outcome = run_program_binary(sweep(out, {"--seeds", "0"}, data, {"--epochs", "1"}));
  CHECK(outcome.code == 1);
  CHECK_THAT(outcome.err, contains("is in use by process"));
  CHECK(folders_in(out).empty());
}
