// What a training says of itself: which examples are for what, which checkpoint is the best, and
// what its numbers are of.
#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "lab/training/loaded_run.hpp"
#include "tests/apps/train_command.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using nelbo::tests::command;
using nelbo::tests::contains;
using nelbo::tests::lines_of;
using nelbo::tests::Outcome;
using nelbo::tests::run_program_binary;
using nelbo::tests::write_data;
using nelbo::tests::operator/;
using Json = nlohmann::json;

namespace {

std::map<std::string, std::vector<float>> tensors_of(const std::string& path) {
  const safetensors::Reader file(path);
  std::map<std::string, std::vector<float>> all;
  for (const auto& [name, entry] : file.entries()) {
    if (name.starts_with("optimizer.")) continue;
    const data::Array array = file.read(name);
    const auto* first = reinterpret_cast<const float*>(array.bytes.data());
    all[name].assign(first, first + array.bytes.size() / 4);
  }
  return all;
}

}  // namespace

TEST_CASE("report: without a validation split the best is the last, and the header says so") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  const Outcome outcome = run_program_binary(command(data, run, {"--steps", "5", "--json"}));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK_THAT(outcome.err, contains("54 train, learnt from; 6 test, for reporting only; "
                                   "best: the last (no validation split)"));
  CHECK(tensors_of(run + "/checkpoints/best.safetensors") ==
        tensors_of(run + "/checkpoints/last.safetensors"));
  CHECK_FALSE(Json::parse(outcome.out).contains("valid"));
  CHECK_FALSE(lines_of(run)[0].contains("valid"));
}

TEST_CASE("report: --validation takes a share of the training examples and chooses by it") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  const Outcome outcome = run_program_binary(
      command(data, run, {"--epochs", "6", "--validation", "0.5", "--lr", "0.05", "--json"}));
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK_THAT(outcome.err,
             contains("27 train, learnt from; 27 valid, to choose the best; 6 test, for "
                      "reporting only; best: the highest objective on valid"));
  std::uint64_t best = 0, step = 0;
  double highest = -1e300;
  for (const Json& line : lines_of(run)) {
    if (line["valid"]["objective"] <= highest) continue;
    highest = line["valid"]["objective"];
    best = line["epoch"];
    step = line["step"];
  }
  const auto metadata = safetensors::Reader(run + "/checkpoints/best.safetensors").metadata();
  CHECK(metadata.at("epoch") == std::to_string(best));
  CHECK(metadata.at("step") == std::to_string(step));
  CHECK(Json::parse(outcome.out)["valid"]["objective"] ==
        lines_of(run).back()["valid"]["objective"]);
  const LoadedRun loaded = open_run(run);
  CHECK(loaded.config.validation == 0.5);
  CHECK(loaded.data->split("valid").images.count() == 27);
  CHECK(run_program_binary({"eval", run, "--split", "valid"}).code == 0);
  CHECK(run_program_binary(command(data, folder / "none", {"--steps", "1", "--validation", "0"}))
            .code == 0);
  const Outcome all = run_program_binary(command(data, folder / "all", {"--validation", "1"}));
  CHECK(all.code == 2);
  CHECK_THAT(all.err, contains("--validation: '1' is not a number, at least 0 and below 1"));
}

TEST_CASE("report: a warm-up longer than the run is refused, of a resumed run told") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  const std::string objective = "nell + warmup(4, steps=7)*div";
  const Outcome refused =
      run_program_binary(command(data, run, {"--epochs", "2", "--objective", objective}));
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err,
             contains("--objective: warmup(4, steps=7) ends at step 7, the run at step 6"));
  CHECK_FALSE(std::filesystem::exists(run));
  REQUIRE(run_program_binary(command(data, run, {"--steps", "7", "--objective", objective})).code ==
          0);
  const Outcome longer = run_program_binary({"train", "--resume", run, "--steps", "1", "--change",
                                             "objective=nell + warmup(4, steps=70)*div"});
  CHECK(longer.code == 0);
  CHECK_THAT(longer.err, contains("note: warmup(4, steps=70) ends at step 70, the run at step 8"));
}

TEST_CASE("report: a weight that overflows before the run ends is refused, and explain says when") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  const std::string objective = "nell + step(1, factor=1e308, every=1)*div";
  const Outcome refused =
      run_program_binary(command(data, run, {"--steps", "2", "--objective", objective}));
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, contains("--objective: 'div': its weight step(1, factor=1e+308, "
                                   "every=1) is not finite from step 2 on"));
  CHECK_FALSE(std::filesystem::exists(run));
  const Outcome text = run_program_binary({"explain", objective});
  CHECK(text.code == 0);
  CHECK_THAT(text.out, contains("is not finite from step 2 on; a run must end before"));
  const Json json = Json::parse(run_program_binary({"explain", objective, "--json"}).out);
  CHECK_THAT(json["overflow"].get<std::string>(), contains("from step 2 on"));
  CHECK(Json::parse(run_program_binary({"explain", "nell + div", "--json"}).out)["overflow"]
            .is_null());
}

TEST_CASE("report: one epoch of one step is no plural") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder);
  const Outcome outcome =
      run_program_binary(command(data, folder / "run", {"--epochs", "1", "--batch", "54"}));
  REQUIRE(outcome.code == 0);
  CHECK_THAT(outcome.out, contains("\n1 epoch, 1 step in "));
}

TEST_CASE("report: a cost is shown with its sign turned, and never under its own name") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder);
  for (const std::string cost : {"nell", "cubo(n=2, m=5)", "nell + 4*div"}) {
    CAPTURE(cost);
    const std::string run = folder / ("run" + std::to_string(cost.size()));
    const Outcome outcome =
        run_program_binary(command(data, run, {"--epochs", "1", "--objective", cost}));
    REQUIRE(outcome.code == 0);
    const Json line = lines_of(run)[0];
    for (const char* split : {"train", "test"}) {
      const Json& of = line[split];
      CHECK(of["objective"] == of["bound"]);
      if (cost == "nell + 4*div") continue;
      CHECK(of["objective"].get<double>() == -of["terms"][cost].get<double>());
      // In the progress and the result a term's own name stands before its own value.
      const std::string value = fmt::format("{} {:.3f}", cost, of["terms"][cost].get<double>());
      CHECK_THAT(outcome.err, contains(value));
      CHECK_THAT(outcome.err,
                 !contains(fmt::format("{} {:.3f}", cost, of["objective"].get<double>())));
    }
    CHECK_THAT(outcome.err, contains("train objective "));
    CHECK_THAT(outcome.err, !contains("bound"));
    CHECK_THAT(outcome.out, contains("objective: " + cost + ", a cost, with its sign turned"));
    CHECK_THAT(outcome.out, contains("train: the mean over the last epoch's batches"));
    CHECK_THAT(outcome.out, !contains("bound"));
    const Json record = Json::parse(tests::read_whole(run + "/run.json"));
    CHECK(record["objective_shown"] == cost + ", a cost, with its sign turned");
  }
  const Outcome gain = run_program_binary(command(data, folder / "gain", {"--epochs", "1"}));
  CHECK_THAT(gain.err, contains("train elbo -"));
  CHECK_THAT(gain.out, contains("objective: elbo\n"));
}
