// Presets: every one is a run that can be meant, the list is what --json promises, flags overrule a preset and
// the last line says so.
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "apps/train/preset_use.hpp"
#include "apps/train/presets.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/training/train_plan.hpp"
#include "tests/apps/train_command.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

Outcome train_preset(const std::string& preset, const std::vector<std::string>& more) {
  std::vector<std::string> words{"train", "--preset", preset, "--threads", "1", "--quiet"};
  words.insert(words.end(), more.begin(), more.end());
  return run_program_binary(words);
}

}  // namespace

TEST_CASE("presets: each is a run that can be meant, by every recipe") {
  std::set<std::string> names;
  for (const Preset& preset : presets()) {
    CAPTURE(preset.name);
    CHECK(names.insert(preset.name).second);
    const bool known = preset.evidence == "verified" || preset.evidence == "exact";
    CHECK((known || preset.evidence == "not verified" || preset.evidence == "none"));
    CHECK(preset.published.has_value() == known);
    CHECK(preset.evaluation.by.empty() == (preset.evidence == "none"));
    for (const Recipe& recipe : preset.recipes) {
      CAPTURE(recipe.name);
      CHECK(recipe.minutes > 0);
      CHECK(recipe.tolerance.has_value() == known);
      if (preset.evaluation.by == "study") continue;
      TrainConfig config;
      preset.apply(config, recipe);
      CHECK(config.data.empty() == !preset.wants.empty());
      CHECK(config.epochs.has_value() != config.steps.has_value());
      CHECK(use_of(preset, recipe, config).differs.empty());
      config.data = "sprites";
      CHECK_NOTHROW(resolve(config));
    }
  }
  CHECK(presets().front().name == "quickstart");
}

TEST_CASE("presets --json has the keys that it promises") {
  const Outcome outcome = run_program_binary({"presets", "--json"});
  REQUIRE(outcome.code == 0);
  const nlohmann::json all = nlohmann::json::parse(outcome.out);
  REQUIRE(all.at("presets").size() == presets().size());
  for (const nlohmann::json& one : all.at("presets")) {
    CAPTURE(one.dump());
    CHECK(one.size() == 6);
    CHECK((one.at("name").is_string() && one.at("source").is_string()));
    CHECK((one.at("evidence").is_string() && one.at("minutes").is_number()));
    CHECK((one.at("published").is_number() || one.at("published").is_null()));
    CHECK(one.at("published").is_null() == one.at("tolerance").is_null());
    if (one.at("name") == "iwae-50") {
      CHECK(one.at("published") == 84.78);
      CHECK(one.at("tolerance") == 0.5);
    }
    if (one.at("name") == "wu2017") CHECK(one.at("published") == -85.754);
    if (one.at("name") == "svae-normal-2") CHECK(one.at("evidence") == "not verified");
  }
  const Outcome table = run_program_binary({"presets"});
  for (const Preset& preset : presets()) CHECK_THAT(table.out, contains(preset.name));
}

TEST_CASE("presets: a file that is none is refused with its line") {
  const auto message = [](const std::string& text) {
    try {
      read_presets(text, "own.toml");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("not refused");
  };
  const std::string head = "[[preset]]\nname = 'a'\nsummary = 'b'\nsource = 'c'\n";
  CHECK_THAT(message("= 3"), contains("own.toml, line 1: is not TOML"));
  CHECK_THAT(message("a = 3"), contains("there is no [[preset]]"));
  CHECK_THAT(message(head), contains("own.toml, line 1: 'evidence' is missing"));
  CHECK_THAT(message(head + "evidence = 'none'"), contains("'paper.minutes' must be above 0"));
  CHECK_THAT(message(head + "evidence = 'not verified'\npublished = 3\npaper.minutes = 1"),
             contains("not verified is not told"));
  CHECK_THAT(message(head + "evidence = 'none'\npaper.minutes = 'x'"), contains("another kind"));
  const std::string minutes = head + "evidence = 'exact'\npaper.minutes = 1\n";
  CHECK_THAT(message(minutes + "evaluate.by = 'iw'"),
             contains("'evaluate.samples' must be above 0"));
  CHECK_THAT(message(minutes + "evaluate.by = 'ais'\nevaluate.samples = 5"),
             contains("'evaluate.temperatures' must be above 0"));
}

TEST_CASE("train --preset: the last line compares, and tells what differs") {
  const TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  const Outcome outcome = train_preset("iwae-5", {"--recipe", "hour", "--data", data, "--epochs",
                                                  "2", "--batch", "30", "--out", run});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const std::string line = last_line(outcome.out);
  CHECK_THAT(line, contains("published 85.54, ours ") && contains(" +- ") &&
                       contains(" (tolerance 1.5); differs from the preset: data, batch, epochs"));
  const nlohmann::json written = nlohmann::json::parse(read_whole(run + "/published.json"));
  CHECK(written.at("preset") == "iwae-5");
  CHECK(written.at("differs") == nlohmann::json{"data", "batch", "epochs"});
  CHECK(record_of(run).at("preset").at("recipe") == "hour");

  // Resumed, it compares again; what was changed meanwhile differs too.
  const Outcome again = run_program_binary(
      {"train", "--resume", run, "--epochs", "1", "--change", "lr=1e-3", "--json", "--quiet"});
  REQUIRE(again.code == 0);
  const nlohmann::json compared = nlohmann::json::parse(again.out).at("comparison");
  CHECK(compared.at("differs") == nlohmann::json{"data", "batch", "epochs", "lr"});
  CHECK(compared.at("published") == 85.54);
}

TEST_CASE("train --preset: a number that is not verified is not told") {
  const TempFolder folder;
  const std::string run = folder / "run";
  const Outcome outcome =
      train_preset("svae-normal-10", {"--data", write_data(folder), "--steps", "2", "--out", run});
  REQUIRE(outcome.code == 0);
  CHECK_THAT(last_line(outcome.out),
             Catch::Matchers::StartsWith("published: not verified, ours -"));
  CHECK_THAT(last_line(outcome.out), !contains("tolerance"));
  CHECK_THAT(outcome.out, contains("beside: -93.16 +- 0.31"));
}

TEST_CASE("train --preset: what cannot be meant is refused") {
  const TempFolder folder;
  const std::string run = folder / "run";
  const auto refused = [&](const Outcome& outcome, const std::string& why) {
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.err, contains(why));
    CHECK_FALSE(std::filesystem::exists(run));
  };
  refused(train_preset("iwae-1", {"--out", run}), "--data: the preset iwae-1 learns from MNIST");
  refused(train_preset("iwae-2", {"--out", run}), "did you mean 'iwae-1'?");
  refused(train_preset("iwae-1", {"--recipe", "our", "--out", run}), "did you mean 'hour'?");
  refused(run_program_binary({"train", "--recipe", "hour", "--out", run}),
          "--recipe: is a preset's");
}
