// nelbo disentangle --shard: any number of shards show what one process shows.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "lab/evaluation/disentanglement/known_codes.hpp"
#include "tests/apps/codes_file.hpp"
#include "tests/apps/sharded_command.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using nlohmann::json;

namespace {

/// Runs on a table of 60 rows with factors of 2 and 3 values.
struct RunsWithFactors {
  RunsWithFactors() {
    std::string rows = "a,b,c,factor1,factor2\n";
    for (int n = 0; n < 60; ++n) {
      rows += fmt::format("{},{},{},{},{}\n", n % 2 + n * 7 % 11 / 11.0, n / 2 % 3, n * 5 % 7 / 7.0,
                          n % 2, n / 2 % 3);
    }
    data = folder.write("data.csv", rows);
  }
  std::string train(const std::string& seed) const {
    const std::string run = folder / ("run" + seed);
    const Outcome outcome = run_program_binary(
        {"train",    "--data", data,       "--model", "mlp",     "--hidden", "5",
         "--latent", "2",      "--epochs", "1",       "--batch", "20",       "--likelihood",
         "normal",   "--seed", seed,       "--out",   run,       "--quiet"});
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    return run;
  }
  /// Writes a shard of `nelbo disentangle`; what is told.
  std::string shard(const Words& words, const std::string& part, int code = 0) const {
    const Outcome outcome =
        run_program_binary(Words{"disentangle"} + words + Words{"--out", folder / part});
    CHECK(outcome.code == code);
    CHECK(outcome.out.empty());
    return outcome.err;
  }
  TempFolder folder;
  std::string data;
};

}  // namespace

TEST_CASE("disentangle: 1, 3 and 16 shards have the bits of one process") {
  const CodesFile file(disentanglement::noise_grid({3, 4, 5}, 2), true);
  for (const char* like : {"nelbo", "chen"}) {
    const Words command{"disentangle", "--codes", file.path, "--like", like,
                        "--samples",   "40",      "--seed",  "3"};
    const json whole = untimed(said(command + Words{"--json", "--threads", "1"}));
    CHECK(untimed(said(command + Words{"--json", "--threads", "2"})) == whole);
    for (const std::size_t n : {1u, 3u, 16u}) {
      CAPTURE(like, n);
      CHECK(sharded(file.folder, command, n) == whole);
    }
  }
}

TEST_CASE("disentangle: shards by the definitions of disentanglement_lib have its bits") {
  const CodesFile file(disentanglement::noise_grid({2, 3}, 2));
  const Words command{"disentangle", "--codes", file.path, "--like", "disentanglement_lib"};
  const json whole = untimed(said(command + Words{"--json", "--threads", "1"}));
  CHECK(sharded(file.folder, command, 3) == whole);
}

TEST_CASE("disentangle: shards of a run and of runs beside each other, and what gather refuses") {
  const RunsWithFactors of;
  const std::string run = of.train("0"), other = of.train("1");
  const json udr = untimed(said({"disentangle", run, other, "--json"}));
  for (const std::size_t n : {1u, 3u}) {
    CHECK(sharded(of.folder, {"disentangle", run, other}, n) == udr);
  }
  const json whole = untimed(said({"disentangle", run, "--json"}));
  const std::string kept = read_whole(run + "/disentanglement.json");
  std::filesystem::remove(run + "/disentanglement.json");
  CHECK(sharded(of.folder, {"disentangle", run}, 3) == whole);
  CHECK(untimed(json::parse(read_whole(run + "/disentanglement.json"))) ==
        untimed(json::parse(kept)));

  CHECK_THAT(of.shard({run, "--shard", "3/3"}, "none", 2),
             contains("--shard: 3/3: shards are i/n with i = 0 to n-1"));
  CHECK_THAT(of.shard({run, "--shard", "0/2"}, "0.part"), contains("25 of 49 items"));
  CHECK_THAT(of.shard({run, "--shard", "0/2"}, "0.part"), contains("is there already"));
  CHECK_THAT(of.shard({run, "--shard", "0/2", "--samples", "50"}, "0.part", 1),
             contains("another work"));
  const Outcome status = run_program_binary({"gather", "--status", of.folder / "0.part"});
  CHECK(status.code == 1);
  CHECK_THAT(status.out, contains("nelbo disentangle " + run + " --shard 1/2 --out "));
  of.shard({run, "--shard", "1/2", "--seed", "4"}, "seeded");
  CHECK_THAT(run_program_binary({"gather", of.folder / "0.part", of.folder / "seeded"}).err,
             contains("seed 4"));

  // The weights change.
  of.shard({run, "--shard", "1/2"}, "1.part");
  CHECK(run_program_binary({"train", "--resume", run, "--epochs", "1", "--quiet"}).code == 0);
  const Outcome stale = run_program_binary({"gather", of.folder / "0.part", of.folder / "1.part"});
  CHECK(stale.code == 1);
  CHECK_THAT(stale.err, contains("the parts are not of what is there now"));
}
