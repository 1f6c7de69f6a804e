// When a run ends by itself, and runs of several seeds.
#include <cmath>
#include <filesystem>

#include "tests/apps/train_command.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using nelbo::tests::command;
using nelbo::tests::contains;
using nelbo::tests::last;
using nelbo::tests::lines_of;
using nelbo::tests::Outcome;
using nelbo::tests::record_of;
using nelbo::tests::run_program_binary;
using nelbo::tests::write_data;
using Json = nlohmann::json;

namespace {

/// The epoch in which a run must end, by the validation objectives that it logged: the first that
/// comes `patience` epochs after the best, or after `from`. 0 if it goes on.
std::size_t end_of(const std::vector<Json>& lines, std::size_t patience, std::size_t from) {
  std::size_t best = 0;
  for (std::size_t epoch = 1; epoch <= lines.size(); ++epoch) {
    const auto gain = [&](std::size_t e) {
      return lines[e - 1]["valid"]["objective"].get<double>();
    };
    if (best == 0 || gain(epoch) > gain(best)) best = epoch;
    if (epoch >= std::max(best, from) + patience) return epoch;
  }
  return 0;
}

}  // namespace

TEST_CASE("early stopping: the run ends where its own log says, and says why") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder);
  for (const std::size_t from : {0, 9}) {
    const std::string run = folder / ("run" + std::to_string(from));
    const Outcome outcome =
        run_program_binary(command(data, run,
                                   {"--lr", "0.1", "--epochs", "60", "--patience", "2",
                                    "--patience-from", std::to_string(from)}));
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    const std::vector<Json> lines = lines_of(run);
    REQUIRE(lines.size() < 60);
    CHECK(lines.size() == end_of(lines, 2, from));
    CHECK(lines.size() >= from + 2);
    CHECK(lines.back()["end"] == "patience");
    CHECK_FALSE(lines.front().contains("end"));
    CHECK(record_of(run)["reason"] == "patience");
    CHECK_THAT(outcome.out, contains("ended: no better objective on valid for"));
    // It holds out what it needs, and says so.
    CHECK_THAT(outcome.err, contains("5 of 54 examples held out as valid"));
    CHECK_THAT(tests::read_whole(run + "/config.toml"), contains("validation = 0.1\n"));
  }
}

TEST_CASE("early stopping: a run that was interrupted ends in the same epoch, with the same bits") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), whole = folder / "whole", parts = folder / "parts";
  const std::vector<std::string> flags{"--lr", "0.1", "--patience", "2", "--epochs"};
  const auto train = [&](const std::string& run, const char* epochs) {
    std::vector<std::string> all = flags;
    all.push_back(epochs);
    return run_program_binary(command(data, run, all)).code;
  };
  REQUIRE(train(whole, "60") == 0);
  const std::size_t end = lines_of(whole).size();
  REQUIRE(end > 2);
  REQUIRE(train(parts, "2") == 0);
  CHECK(lines_of(parts).back()["end"] == "epochs");
  REQUIRE(run_program_binary({"train", "--resume", parts, "--epochs", "58"}).code == 0);
  CHECK(lines_of(parts).size() == end);
  CHECK_FALSE(lines_of(parts)[1].contains("end"));
  CHECK(lines_of(parts).back()["seconds"] > lines_of(parts)[1]["seconds"]);
  CHECK(last(parts) == last(whole));

  const Outcome ended = run_program_binary({"train", "--resume", parts, "--epochs", "1"});
  CHECK(ended.code == 2);
  CHECK_THAT(ended.err,
             contains("early stopping ended the run") && contains("--change patience=N"));
  CHECK(run_program_binary({"train", "--resume", parts, "--epochs", "1", "--change", "patience=0"})
            .code == 0);
  CHECK(lines_of(parts).size() == end + 1);
  const Outcome alone =
      run_program_binary(command(data, folder / "alone", {"--patience-from", "3"}));
  CHECK(alone.code == 2);
  CHECK_THAT(alone.err, contains("--patience-from: goes with a patience"));
}

TEST_CASE("seeds: each is the run that it is alone; mean and deviation are theirs") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), out = folder / "seeds";
  const Outcome outcome = run_program_binary(command(
      data, out, {"--epochs", "2", "--seeds", "3,0..1", "--json", "--objective", "iw(m=2)"}));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const Json all = Json::parse(outcome.out);
  REQUIRE(all["runs"].size() == 3);
  REQUIRE(run_program_binary(command(data, folder / "alone",
                                     {"--epochs", "2", "--seed", "3", "--objective", "iw(m=2)"}))
              .code == 0);
  CHECK(last(out + "/s3") == last(folder / "alone"));
  CHECK(last(out + "/s1") != last(out + "/s3"));
  for (const char* name : {"objective", "elbo", "nell", "div"}) {
    double sum = 0, squares = 0;
    for (const Json& run : all["runs"]) sum += run["test"][name].get<double>();
    for (const Json& run : all["runs"]) {
      squares += std::pow(run["test"][name].get<double>() - sum / 3, 2);
    }
    CHECK(all["test"][name]["mean"].get<double>() == Approx(sum / 3).epsilon(1e-12));
    CHECK(all["test"][name]["deviation"].get<double>() ==
          Approx(std::sqrt(squares / 2)).epsilon(1e-9));
  }
  // A folder that is taken is told before anything is trained.
  const Outcome taken = run_program_binary(command(data, out, {"--seeds", "7,3"}));
  CHECK(taken.code == 2);
  CHECK_FALSE(std::filesystem::exists(out + "/s7"));
  const Outcome twice = run_program_binary(command(data, out, {"--seeds", "7", "--seed", "1"}));
  CHECK(twice.code == 2);
  CHECK_THAT(twice.err, contains("--seeds: says what --seed says"));
  const Outcome none = run_program_binary(command(data, out, {"--seeds", "3..0"}));
  CHECK_THAT(none.err, contains("--seeds: '3..0': a range goes from the lower seed"));
  const Outcome within = run_program_binary(command(data, out + "/s3", {"--seeds", "0..1"}));
  CHECK(within.code == 2);
  CHECK_THAT(within.err, contains("--out: ") && contains("/s3 is the folder of a run"));
}
