// What `nelbo models` lists: every word of the registries, once, with its usage and summary.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "models/architectures/architecture.hpp"
#include "tests/apps/program_run.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;

TEST_CASE("models: a line of every model, posterior, prior and likelihood") {
  const Outcome outcome = run_program_binary({"models"});
  REQUIRE(outcome.code == 0);
  CHECK(outcome.err.empty());
  const auto check = [&](const std::string& usage, const std::string& summary) {
    CAPTURE(usage, summary);
    std::size_t lines = 0;
    std::istringstream text(outcome.out);
    for (std::string line; std::getline(text, line);) {
      lines += line.starts_with("  " + usage + " ") && line.ends_with("  " + summary);
    }
    CHECK(lines == 1);
  };
  for (const Architecture& one : architectures().all()) check(one.name, one.summary);
  for (const PosteriorWord& one : posteriors().all()) check(one.usage, one.summary);
  for (const PriorWord& one : priors().all()) check(one.usage, one.summary);
  for (const LikelihoodWord& one : likelihoods().all()) check(one.usage, one.summary);
}

TEST_CASE("models: --json has the lists whole") {
  const Outcome outcome = run_program_binary({"models", "--json"});
  REQUIRE(outcome.code == 0);
  const auto lists = nlohmann::json::parse(outcome.out);
  CHECK(lists["models"].size() == architectures().all().size());
  CHECK(lists["posteriors"].size() == posteriors().all().size());
  CHECK(lists["priors"].size() == priors().all().size());
  CHECK(lists["likelihoods"].size() == likelihoods().all().size());
  CHECK(lists["models"][0]["name"] == "mlp");
  CHECK(lists["models"][0]["latent"] == 20);
  CHECK(lists["models"][0]["takes"].size() == 12);
  CHECK(lists["models"][0]["own"] == false);
  for (const auto& model : lists["models"]) {
    const auto& takes = model["takes"];
    const bool widths = std::find(takes.begin(), takes.end(), "hidden") != takes.end();
    CHECK(widths == (model["name"] == "mlp"));
  }
  for (const auto& [list, words] : lists.items()) {
    for (const auto& word : words) {
      CAPTURE(list, word.dump());
      CHECK_FALSE(word["usage"].get<std::string>().empty());
      CHECK_FALSE(word["summary"].get<std::string>().empty());
    }
  }
}
