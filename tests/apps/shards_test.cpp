// --shard and `nelbo gather`: what any number of shards computed is shown as one process shows it.
#include <nlohmann/json.hpp>

#include "apps/shards/part.hpp"
#include "apps/shards/shard.hpp"
#include "autodiff/setting_error.hpp"
#include "tests/apps/sharded_command.hpp"
#include "tests/apps/train_command.hpp"
#include "tests/apps/untrained_run.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using nlohmann::json;

namespace {

/// Sets environment variables as long as it lives.
class Scheduler {
 public:
  explicit Scheduler(Environment variables) : variables_(std::move(variables)) {
    for (const auto& [name, value] : variables_) setenv(name.c_str(), value.c_str(), 1);
  }
  ~Scheduler() {
    for (const auto& variable : variables_) unsetenv(variable.first.c_str());
  }

 private:
  Environment variables_;
};

}  // namespace

TEST_CASE("shard: i/n, and what a scheduler left") {
  CHECK(read_shard("0/1").text() == "0/1");
  CHECK(read_shard("15/16").number == 15);
  CHECK(read_shard("2/5").takes(7));
  CHECK_FALSE(read_shard("2/5").takes(8));
  CHECK_THROWS_WITH(read_shard("3/3"), contains("shards are i/n with i = 0 to n-1"));
  for (const char* wrong : {"", "1", "/", "a/2", "1/b", "-1/2", "1/0", "0/2000000", "1/2/3"}) {
    CAPTURE(wrong);
    CHECK_THROWS_AS(read_shard(wrong), SettingError);
  }
  CHECK_THROWS_WITH(read_shard("auto"), contains("SLURM_ARRAY_TASK_ID"));
  CHECK_THROWS_WITH(read_shard("auto/4"), contains("PBS_ARRAY_INDEX"));
  {
    const Scheduler slurm(Environment{{"SLURM_ARRAY_TASK_ID", "7"},
                                      {"SLURM_ARRAY_TASK_MIN", "1"},
                                      {"SLURM_ARRAY_TASK_MAX", "9"},
                                      {"SLURM_ARRAY_TASK_STEP", "2"},
                                      {"SLURM_ARRAY_TASK_COUNT", "5"}});
    CHECK(read_shard("auto").text() == "3/5");
    CHECK(read_shard("auto/8").text() == "7/8");
    CHECK_THROWS_WITH(read_shard("auto/7"), contains("i = 0 to n-1"));
  }
  {  // tasks 3 and 7 of an array alone, again
    const Scheduler slurm(Environment{{"SLURM_ARRAY_TASK_ID", "7"},
                                      {"SLURM_ARRAY_TASK_MIN", "3"},
                                      {"SLURM_ARRAY_TASK_MAX", "7"},
                                      {"SLURM_ARRAY_TASK_COUNT", "2"}});
    CHECK_THROWS_WITH(read_shard("auto"), contains("auto/n"));
  }
  const Scheduler pbs(Environment{{"PBS_ARRAY_INDEX", "3"}});
  CHECK(read_shard("auto/4").text() == "3/4");
}

TEST_CASE("gather: bounds, ais and gradvar of 1, 3 and 16 shards have the bits of one process") {
  const UntrainedRun of("diagonal");
  const std::string run = of.folder / "run";
  const std::vector<Words> commands{
      {"bounds", run, "--m", "1,40", "--seed", "3"},
      {"ais", run, "--temperatures", "5", "--chains", "512", "--examples", "7", "--bdmc"},
      {"gradvar", "--run", run, "--bounds", "iw", "--m", "1,2,4,8", "--batch", "5", "--replicates",
       "20"}};
  for (const Words& command : commands) {
    const json whole = untimed(said(command + Words{"--json", "--quiet"}));
    for (const std::size_t n : {1u, 3u, 16u}) {
      CAPTURE(command, n);
      CHECK(sharded(of.folder, command, n) == whole);
    }
  }
}

TEST_CASE("gather: what does not fit together is refused, and what is missing is named") {
  const UntrainedRun of("diagonal");
  const std::string run = of.folder / "run";
  const auto make = [&](const std::string& name, const Words& words) {
    const std::string path = of.folder / name;
    const Outcome outcome =
        run_program_binary(Words{"bounds", run, "--m", "4"} + words + Words{"--out", path});
    INFO(outcome.err);
    CHECK(outcome.code == 0);
    return path;
  };
  const std::string first = make("0.part", {"--shard", "0/3"});
  const std::string second = make("1.part", {"--shard", "1/3"});
  const std::string seeded = make("seeded", {"--shard", "2/3", "--seed", "9"});
  const std::string other = make("other", {"--shard", "2/4"});
  const std::string again = make("again", {"--shard", "1/3"});
  const Outcome whole = run_program_binary({"bounds", run, "--m", "4", "--out", of.folder / "out"});
  CHECK(whole.code == 2);
  CHECK_THAT(whole.err, contains("--out: names the file of a part, which only --shard i/n writes"));

  const Outcome gap = run_program_binary({"gather", first, second});
  CHECK(gap.code == 1);
  CHECK(gap.out.empty());
  CHECK_THAT(gap.err, contains("2 of 3 shards") &&
                          contains("--shard 2/3 --out " + (of.folder / "bounds-2-of-3.part")));
  const Outcome status = run_program_binary({"gather", "--status", first, second});
  CHECK(status.code == 1);
  CHECK_THAT(status.out, contains("nelbo bounds " + run + " --m 4 --shard 2/3 --out "));
  const auto refused = [&](const std::string& third, const std::string& reason) {
    const Outcome outcome = run_program_binary({"gather", first, second, third});
    CHECK(outcome.code == 1);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, contains(reason));
  };
  refused(seeded, "seed 9");
  refused(other, "is one of 4 shards");
  refused(again, "is shard 1/3, as " + second + " is");
  of.folder.write("none", "hello");
  refused(of.folder / "none", "none");
  std::string damaged = read_whole(second);
  damaged[damaged.size() - 20] = char(damaged[damaged.size() - 20] ^ 1);
  of.folder.write("damaged", damaged);
  refused(of.folder / "damaged", "damaged");

  // One that is there is not made again, and one of another work stays.
  CHECK_THAT(run_program_binary({"bounds", run, "--m", "4", "--shard", "0/3", "--out", first}).err,
             contains("is there already"));
  const Outcome taken =
      run_program_binary({"bounds", run, "--m", "5", "--shard", "0/3", "--out", first});
  CHECK(taken.code == 1);
  CHECK_THAT(taken.err, contains("is shard 0/3 of another work"));

  // The weights have changed since.
  const std::string third = make("2.part", {"--shard", "2/3"});
  CHECK(run_program_binary({"gather", first, second, third}).code == 0);
  static_cast<float*>(of.store.data())[0] += 1;
  of.save();
  const Outcome stale = run_program_binary({"gather", first, second, third});
  CHECK(stale.code == 1);
  CHECK_THAT(stale.err, contains("the parts are not of what is there now"));
}

TEST_CASE("gather: the runs of a sweep's shards, in folders of their own, are one table") {
  const TempFolder folder;
  const std::string data = write_data(folder);
  const auto sweep = [&](const std::string& out, const Words& shard) {
    const Outcome outcome = run_program_binary(
        Words{"sweep", "--out", out, "--seeds", "0..2", "--threads", "2"} + shard +
        Words{"--", "train", "--data", data, "--model", "mlp", "--hidden", "9", "--latent", "2",
              "--batch", "20", "--epochs", "1"});
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
  };
  const std::string one = folder.path() + "/one", two = folder.path() + "/two";
  sweep(one, {"--shard", "0/2"});
  CHECK(std::filesystem::exists(one + "/01_seed=0"));
  CHECK_FALSE(std::filesystem::exists(one + "/02_seed=1"));
  sweep(two, {"--shard", "1/2"});
  const Outcome gap = run_program_binary({"gather", one, "--status"});
  CHECK(gap.code == 1);
  CHECK_THAT(gap.out, contains("2 of 3 runs") && contains("02_seed=1"));
  sweep(folder.path() + "/all", {});
  const json gathered = said({"gather", one, two, "--json"});
  const json all = said({"gather", folder.path() + "/all", "--json"});
  REQUIRE(gathered["runs"].size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(gathered["runs"][i]["test"] == all["runs"][i]["test"]);
  }
}
