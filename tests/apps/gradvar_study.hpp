#pragma once
// Studies that `nelbo gradvar` makes, as JSON.
#include <nlohmann/json.hpp>

#include "tests/apps/program_run.hpp"
#include "tests/apps/program_words.hpp"
#include "tests/catch.hpp"

namespace nelbo::tests {

/// What `nelbo gradvar --json ...` prints; exactly one value.
inline nlohmann::json study(const Words& more) {
  const Outcome outcome = run_program_binary(Words{"gradvar", "--json"} + more);
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  return nlohmann::json::parse(outcome.out);
}

/// Everything in a study but what time and machine have a part in.
inline nlohmann::json timeless(nlohmann::json study) {
  for (const char* key : {"seconds", "threads"}) study.erase(key);
  for (nlohmann::json& row : study["rows"]) {
    for (const char* key : {"us_per_gradient", "us_per_gradient_se", "work", "work_se"}) {
      row.erase(key);
    }
  }
  return study;
}

}  // namespace nelbo::tests
