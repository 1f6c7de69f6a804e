// Runs side by side: what is read of their folders, and the tables made of it.
#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/reports/latent_units.hpp"
#include "apps/reports/remake.hpp"
#include "apps/reports/run_differences.hpp"
#include "apps/reports/run_table.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/training/run_lock.hpp"
#include "tests/apps/made_run.hpp"
#include "tests/apps/program_run.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using Texts = std::vector<std::string>;
using Json = nlohmann::json;

namespace {

/// beta 1, 4 and 10 with two seeds, whose tests are known: nell = 100 + beta + seed / 10, div = 10 / beta.
void make_betas(const std::string& folder) {
  for (const int beta : {1, 4, 10}) {
    for (const int seed : {0, 1}) {
      MadeRun run{.objective = "nell + " + std::to_string(beta) + "*div", .seed = seed};
      for (int epoch = 1; epoch <= 3; ++epoch) {
        run.lines.push_back(epoch_line(epoch, 103 - epoch + beta + seed / 10.0, 10.0 / beta));
      }
      make_run(folder + "/b" + std::to_string(beta) + "-s" + std::to_string(seed), run);
    }
  }
}

}  // namespace

TEST_CASE("runs: names in the order of their numbers") {
  CHECK(natural_less("sweep-2", "sweep-10"));
  CHECK_FALSE(natural_less("sweep-10", "sweep-2"));
  CHECK(natural_less("a", "a1"));
  CHECK(natural_less("a01", "a2"));
  CHECK(natural_less("a01", "a1"));
  CHECK_FALSE(natural_less("a1", "a01"));
  CHECK_FALSE(natural_less("a1b", "a1b"));
}

TEST_CASE("runs: what differs in an expression") {
  CHECK(differing_parts({"nell + 1*div", "nell + 4*div"}) == Texts{"1*div", "4*div"});
  CHECK(differing_parts({"beta_tcvae(beta=1)", "beta_tcvae(beta=6)"}) == Texts{"beta=1", "beta=6"});
  CHECK(differing_parts({"nell + 1e-3*div", "nell + 0.5*div"}) == Texts{"1e-3*div", "0.5*div"});
  CHECK(differing_parts({"iw(m=5) + 2*tc", "iw(m=8) + 3*tc"}) == Texts{"m=5 2*tc", "m=8 3*tc"});
  CHECK(differing_parts({"elbo", "iw(m=5)"}) == Texts{"elbo", "iw(m=5)"});
  CHECK(differing_parts({"nell + 4*div", "nell + 4*tc"}) == Texts{"nell + 4*div", "nell + 4*tc"});
}

TEST_CASE("runs: the differences come first, seeds belong together, and their means are right") {
  const TempFolder folder;
  make_betas(folder.path());
  const FoundRuns found = find_runs({folder.path()});
  CHECK(found.notes.empty());
  REQUIRE(found.runs.size() == 6);
  CHECK(found.runs[0].name == "b1-s0");
  CHECK(found.runs[5].name == "b10-s1");
  const auto differs = differences(found.runs);
  REQUIRE(differs.size() == 2);
  CHECK(differs[0].setting == "objective");
  CHECK(differs[0].values[2] == "4*div");
  CHECK(differs[1].setting == "seed");
  const Table table = run_table(found.runs, differs);
  CHECK(table.header == Texts{"objective", "seed", "run", "status", "epochs", "test objective",
                              "elbo", "nell", "div", "seconds"});
  CHECK(table.rows[3] == Texts{"4*div", "1", "b4-s1", "finished", "3", "-106.600", "-106.600",
                               "104.100", "2.500", "12.5"});
  const auto groups = by_seed(found.runs, differs);
  REQUIRE(groups.size() == 3);
  CHECK(groups[1].label == "4*div");
  CHECK(groups[1].runs == std::vector<std::size_t>{2, 3});
  // Of 104.0 and 104.1 the mean is 104.05 and the standard deviation 0.1 / sqrt(2).
  CHECK(seed_table(found.runs, groups).rows[1] == Texts{"4*div", "2", "-106.550 +- 0.071",
                                                        "-106.550 +- 0.071", "104.050 +- 0.071",
                                                        "2.500 +- 0.000"});
}

TEST_CASE("runs: copies of a run are no seeds, and without differences names tell them apart") {
  const TempFolder folder;
  for (const char* name : {"x", "y"}) make_run(folder.path() + "/" + name, {});
  const FoundRuns found = find_runs({folder.path()});
  const auto groups = by_seed(found.runs, differences(found.runs));
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].label == "x");
  CHECK(groups[1].label == "y");
  CHECK(seed_table(found.runs, groups).rows.empty());
}

TEST_CASE("runs: sorted by a setting, a name or a number, the best first") {
  const TempFolder folder;
  make_betas(folder.path());
  make_run(folder.path() + "/none", {});  // without any epoch
  const auto names = [&](const std::string& key) {
    FoundRuns found = find_runs({folder.path()});
    sort_runs(found.runs, key);
    Texts all;
    for (const RunHistory& run : found.runs) all.push_back(run.name);
    return all;
  };
  // elbo = -(100 + beta + seed / 10 + 10 / beta): -106.5, -106.6, -111, -111, -111.1, -111.1.
  CHECK(names("elbo") == Texts{"b4-s0", "b4-s1", "b1-s0", "b10-s0", "b1-s1", "b10-s1", "none"});
  CHECK(names("div") == Texts{"b10-s0", "b10-s1", "b4-s0", "b4-s1", "b1-s0", "b1-s1", "none"});
  CHECK(names("seed").front() == "b1-s0");
  CHECK(names("seed").back() == "b10-s1");
  FoundRuns found = find_runs({folder.path()});
  CHECK_THROWS_WITH(sort_runs(found.runs, "elbow"), contains("did you mean 'elbo'"));
}

TEST_CASE("runs: status tells who trains, who was ended and what failed") {
  const TempFolder folder;
  const std::string run = make_run(folder.path() + "/r", {.status = "running"});
  CHECK(find_runs({run}).runs[0].status == "interrupted");
  {
    const RunLock lock(run);
    CHECK(find_runs({run}).runs[0].status == "running");
  }
  make_run(run, {.status = "failed"});
  CHECK(find_runs({run}).runs[0].status == "failed");
  std::filesystem::remove(run + "/run.json");
  CHECK(find_runs({run}).runs[0].status == "unknown");
  make_run(run, {.epochs_wanted = 7, .lines = {epoch_line(1, 90, 9), epoch_line(2, 80, 8)}});
  CHECK(run_table(find_runs({run}).runs, {}).rows[0][2] == "2/7");
}

TEST_CASE("runs: damaged and foreign folders are noted, and stop nothing") {
  const TempFolder folder;
  const std::string all = folder.path() + "/all";
  make_run(all + "/good", {.lines = {epoch_line(1, 90, 9)}});
  make_run(all + "/sweep-1/inner", {});
  std::filesystem::create_directories(all + "/foreign/deep");
  write_text(all + "/file", "x");
  std::filesystem::create_directories(all + "/study");
  write_text(all + "/study/published.json", "{}");
  make_run(all + "/config", {});
  write_text(all + "/config/config.toml", "seed = [\n");
  make_run(all + "/setting", {.more = "no_setting = 1\n"});
  make_run(all + "/record", {});
  write_text(all + "/record/run.json", "{\"status\": ");
  make_run(all + "/odd", {});
  write_text(all + "/odd/run.json",
             R"({"status": 3, "argv": [1], "resumed": {"a": 1}, "test": []})");
  write_text(all + "/odd/metrics.jsonl", "[1]\n{\"epoch\": 1}\n");
  make_run(all + "/line", {.lines = {epoch_line(1, 90, 9), "{\"epoch\": 2, \"te"}});
  make_run(all + "/pipe", {});
  std::filesystem::remove(all + "/pipe/metrics.jsonl");
  REQUIRE(::mkfifo((all + "/pipe/metrics.jsonl").c_str(), 0600) == 0);  // which nobody writes to
  const FoundRuns found = find_runs({all});
  Texts names;
  for (const RunHistory& run : found.runs) names.push_back(run.name);
  CHECK(names == Texts{"good", "line", "odd", "record", "sweep-1/inner"});
  std::string notes;
  for (const std::string& note : found.notes) notes += note + "\n";
  CHECK_THAT(notes, contains("/config: is left out") &&
                        contains("/pipe/metrics.jsonl: is not a regular file") &&
                        contains("/foreign: holds no run") && contains("/record/run.json") &&
                        contains("/setting: is left out") && contains("no_setting") &&
                        contains("/odd/metrics.jsonl, line 1: is no JSON object"));
  CHECK_THAT(notes, !contains("/line"));  // its last line is being written
  CHECK_THAT(notes, !contains("/study"));
  CHECK(found.runs[1].epochs.size() == 1);
  const Outcome outcome = run_program_binary({"runs", all});
  CHECK(outcome.code == 0);
  CHECK_THAT(outcome.out, contains("good") && contains("-99.000") && !contains("foreign"));
  CHECK_THAT(outcome.err, contains("note: ") && contains("holds no run"));
  CHECK(run_program_binary({"runs", all + "/absent"}).code == 1);
  CHECK(run_program_binary({"runs", all + "/foreign"}).code == 0);
}

TEST_CASE("runs: as JSON and CSV, with all digits") {
  const TempFolder folder;
  make_betas(folder.path());
  const Outcome json = run_program_binary({"runs", folder.path(), "--json", "--sort", "elbo"});
  REQUIRE(json.code == 0);
  const Json runs = Json::parse(json.out)["runs"];
  REQUIRE(runs.size() == 6);
  CHECK(runs[0]["differs"]["objective"] == "4*div");
  CHECK(runs[0]["settings"]["objective"] == "nell + 4*div");
  CHECK(runs[0]["test"]["nell"] == 104);
  CHECK(runs[0]["epochs"] == 3);
  const Outcome csv = run_program_binary({"runs", folder.path(), "--csv"});
  std::istringstream lines(csv.out);
  std::string line;
  std::getline(lines, line);
  CHECK(line ==
        "objective,seed,run,status,epochs,test_objective,test_elbo,test_nell,test_div,seconds");
  std::getline(lines, line);
  CHECK(line == "1*div,0," + folder.path() + "/b1-s0,finished,3,-111,-111,101,10,12.5");
  const Outcome both = run_program_binary({"runs", folder.path(), "--csv", "--json"});
  CHECK(both.code == 2);
}

TEST_CASE("runs: a latent variable has collapsed from the epoch on from which it stays so") {
  const TempFolder folder;
  const auto kl = [](const std::string& values) { return ", \"unit_kl\": [" + values + "]"; };
  const std::string run = make_run(folder.path() + "/r",
                                   {.lines = {epoch_line(1, 90, 9, kl("1, 0.5, 0.001, null")),
                                              epoch_line(2, 89, 9, kl("2, 0.004, 0.001, null")),
                                              epoch_line(3, 88, 9, kl("3, 0.02, 0.002, null")),
                                              epoch_line(4, 88, 9, kl("3, 0.003, 0.002, null")),
                                              epoch_line(5, 88, 9, kl("3, 0.0031, 0.002, null"))}});
  const auto units = latent_units(find_runs({run}).runs[0]);
  REQUIRE(units.size() == 3);
  CHECK(verdict(units[0]) == "unit 0: KL 3.0000, active");
  CHECK(verdict(units[1]) == "unit 1: KL 0.0031, collapsed at epoch 4");
  CHECK(verdict(units[2]) == "unit 2: KL 0.0020, never active");
  // A run from before every epoch listed them has its ledgers'.
  make_run(run, {.lines = {epoch_line(5, 88, 9, R"(, "ledger": {"units": [{"kl": 0.25}]})")}});
  CHECK(latent_units(find_runs({run}).runs[0])[0].kl == 0.25);
}

TEST_CASE("runs: the command that makes a run again is quoted for a shell") {
  const TempFolder folder;
  const std::string run = make_run(
      folder.path() + "/r",
      {.argv =
           R"json(["nelbo", "train", "--objective", "nell + 4*div", "--data", "it's $(x)"])json"});
  const auto commands = commands_of(find_runs({run}).runs[0]);
  REQUIRE(commands.size() == 1);
  CHECK(commands[0] == R"(nelbo train --objective 'nell + 4*div' --data 'it'\''s $(x)')");
}
