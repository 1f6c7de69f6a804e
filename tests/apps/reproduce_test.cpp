// `nelbo reproduce`: worlds with known answers, a run that is interrupted and goes on, the table, and the page
// that scripts/published-page makes of run folders.
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/apps/train_command.hpp"
#include "tests/apps/train_process.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

std::vector<std::string> reproduce(const TempFolder& folder, const std::string& preset,
                                   const std::vector<std::string>& more) {
  std::vector<std::string> words{"reproduce",    preset,    "--out",
                                 folder / "run", "--table", folder / "table.csv",
                                 "--threads",    "2",       "--quiet"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::vector<std::string> lines_in(const std::string& path) {
  std::vector<std::string> lines;
  std::istringstream text(read_whole(path));
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

/// The numbers of seed 0; z-scores of all that is exact are below 4.
void check_exact(const std::vector<std::string>& presets) {
  for (const std::string& preset : presets) {
    CAPTURE(preset);
    const TempFolder folder;
    const Outcome outcome = run_program_binary(reproduce(folder, preset, {"--json"}));
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    const nlohmann::json found = nlohmann::json::parse(outcome.out);
    const double ours = found.at("ours").at("value"), published = found.at("published");
    CAPTURE(ours, published);
    CHECK(std::fabs(ours - published) < found.at("tolerance").get<double>());
    CHECK(found.at("evidence") == "exact");
    CHECK(found.at("differs").empty());
    for (const nlohmann::json& check : found.at("checks")) {
      CAPTURE(check.dump());
      if (!check.at("z").is_null()) CHECK(std::fabs(check.at("z").get<double>()) < 4);
    }
    // The error of a trained one is that of its evaluation.
    if (found.at("checks").empty()) {
      CHECK(std::fabs(ours - published) < 4 * found.at("ours").at("se").get<double>());
    }
    CHECK(nlohmann::json::parse(read_whole(folder / "run/published.json")).at("ours") ==
          found.at("ours"));
  }
}

}  // namespace

TEST_CASE("reproduce: Rainforth's toy comes to what theory says") { check_exact({"rainforth"}); }

TEST_CASE("reproduce: toys of bits come to what theory says") {
  check_exact({"rebar", "yin-zhou"});
}

TEST_CASE("reproduce: linear models reach water-filling") {
  check_exact({"water-filling", "water-filling-0.25", "water-filling-3"});
}

TEST_CASE("reproduce: a linear model reaches probabilistic PCA") { check_exact({"ppca"}); }

TEST_CASE("reproduce: Ctrl-C in the middle, and the same words go on") {
  const TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  const auto words = reproduce(folder, "svae-normal-2", {"--data", data});
  // The first epoch is logged long before the last of 9,840 steps.
  Process process(folder, reproduce(folder, "iwae-1", {"--data", data}));
  REQUIRE(Process::appears(run + "/metrics.jsonl"));
  process.signal(SIGINT);
  CHECK(process.wait().code == 130);
  CHECK(record_of(run).at("status") == "interrupted");
  CHECK_FALSE(std::filesystem::exists(folder / "table.csv"));
  const std::uint64_t before = step_of(run);

  const Outcome other = run_program_binary(words);
  CHECK(other.code == 2);
  CHECK_THAT(other.err, contains("is a run of the preset iwae-1, recipe paper"));

  const Outcome done = run_program_binary(reproduce(folder, "iwae-1", {"--data", data}));
  INFO(done.err);
  REQUIRE(done.code == 0);
  CHECK(step_of(run) == 3280 * 3);
  CHECK(step_of(run) > before);
  CHECK_THAT(last_line(done.out),
             contains("published 86.76, ours ") && contains("differs from the preset: data"));
  REQUIRE(lines_in(folder / "table.csv").size() == 2);

  // Finished, it is evaluated again, to the same bits, and the table has its line already.
  const Outcome again = run_program_binary(reproduce(folder, "iwae-1", {}));
  REQUIRE(again.code == 0);
  CHECK_THAT(again.err, contains("the run is finished, and evaluated again"));
  CHECK(again.out == done.out);
  CHECK(lines_in(folder / "table.csv").size() == 2);
  CHECK(lines_in(folder / "table.csv").front() ==
        "preset,recipe,seed,published,tolerance,ours,se,differs,run");
}

TEST_CASE("reproduce: wu2017 compares annealing with annealing, and has the bound beside") {
  const TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  const Outcome trained =
      run_program_binary({"train", "--preset", "wu2017", "--data", data, "--steps", "2", "--out",
                          run, "--threads", "1", "--quiet"});
  INFO(trained.err);
  REQUIRE(trained.code == 0);
  CHECK_THAT(last_line(trained.out), contains("published -85.754, ours -"));
  CHECK_THAT(trained.out, contains("log P(x) by annealed importance sampling from the encoder, 100 "
                                   "temperatures and 16 chains of test (6 examples)"));
  CHECK_THAT(trained.out, contains("10,000 importance samples is -86.902"));
  CHECK_THAT(trained.out, contains(", log P(x) by 10000 importance samples\n"));
  for (const auto& entry : std::filesystem::directory_iterator(run)) {
    CHECK(entry.path().extension() != ".partial");
  }

  // What `nelbo ais` and `nelbo bounds` say of the same checkpoint.
  const nlohmann::json record = nlohmann::json::parse(read_whole(run + "/published.json"));
  const std::string best = run + "/checkpoints/best.safetensors";
  const auto json_of = [](const std::vector<std::string>& words) {
    const Outcome outcome = run_program_binary(words);
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    return nlohmann::json::parse(outcome.out);
  };
  const nlohmann::json annealed = json_of({"ais", best, "--temperatures", "100", "--json"});
  CHECK(record.at("ours").at("value") == annealed.at("log_px").at("value"));
  CHECK(record.at("ours").at("se") == annealed.at("log_px").at("se"));
  const nlohmann::json bounds =
      json_of({"bounds", best, "--k", "1", "--m", "10000", "--json"}).at("bounds").at(0);
  CHECK(record.at("ours_beside").at("value") == bounds.at("value"));
  CHECK(record.at("published") == -85.754);
  CHECK(record.at("lower_is_better") == false);
}

TEST_CASE("reproduce: what cannot be meant is refused") {
  const TempFolder folder;
  const auto refused = [&](const std::vector<std::string>& words, const std::string& why) {
    const Outcome outcome = run_program_binary(words);
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.err, contains(why));
    CHECK_FALSE(std::filesystem::exists(folder / "run"));
  };
  refused(reproduce(folder, "quickstart", {}), "of quickstart nothing is published");
  refused(reproduce(folder, "rainfort", {}), "did you mean 'rainforth'?");
  refused(reproduce(folder, "iwae-1", {}), "--data: the preset iwae-1 learns from MNIST");
  refused(reproduce(folder, "iwae-1", {"--recipe", "week"}), "--recipe: 'week' is unknown");
  refused(reproduce(folder, "rebar", {"--data", "sprites"}),
          "--data: rebar is a study of a world, which has no data");
  refused({"train", "--preset", "rebar", "--out", folder / "run"},
          "'rebar' is a study of a world, which `nelbo reproduce rebar` makes");
  const Outcome run =
      run_program_binary(command(write_data(folder), folder / "run", {"--steps", "1", "--quiet"}));
  REQUIRE(run.code == 0);
  const Outcome taken = run_program_binary(reproduce(folder, "ppca", {}));
  CHECK(taken.code == 2);
  CHECK_THAT(taken.err, contains("--out: ") && contains("is a run of no preset"));
}
