#pragma once
// A command in shards, gathered.
#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/apps/program_run.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

namespace nelbo::tests {

using Words = std::vector<std::string>;

/// Without what tells of time.
inline nlohmann::json untimed(nlohmann::json object) {
  for (const char* name : {"seconds", "gflops", "peak_gflops", "share_of_peak", "threads"}) {
    object.erase(name);
  }
  if (object.contains("rows")) {
    for (nlohmann::json& row : object["rows"]) {
      for (const char* name : {"us_per_gradient", "us_per_gradient_se", "work", "work_se"}) {
        row.erase(name);
      }
    }
  }
  return object;
}

/// The JSON that a command prints.
inline nlohmann::json said(const Words& words) {
  const Outcome outcome = run_program_binary(words);
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  return nlohmann::json::parse(outcome.out);
}

inline Words operator+(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// The command in n shards, in turn with one thread and with two, gathered.
inline nlohmann::json sharded(const TempFolder& folder, const Words& command, std::size_t n) {
  const std::string parts = folder / ("parts" + std::to_string(n));
  std::filesystem::create_directory(parts);
  for (std::size_t i = 0; i < n; ++i) {
    const std::string number = std::to_string(i);
    const Outcome outcome = run_program_binary(
        command + Words{"--shard", number + "/" + std::to_string(n), "--out",
                        parts + "/" + number + ".part", "--threads", i % 2 ? "2" : "1"});
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    CHECK(outcome.out.empty());
  }
  const nlohmann::json gathered = said({"gather", parts, "--json"});
  std::filesystem::remove_all(parts);
  return untimed(gathered);
}

}  // namespace nelbo::tests
