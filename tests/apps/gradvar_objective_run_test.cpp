// `nelbo gradvar` of objectives as a user runs it.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/apps/gradvar_study.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using nelbo::tests::Outcome;
using nelbo::tests::run_program_binary;
using tests::contains;
using Json = nlohmann::json;
using tests::Words;
using tests::operator+;

namespace {

std::string trained(const std::string& out, const Words& more) {
  const Outcome outcome = run_program_binary(
      Words{"train", "--data", "sprites:32", "--model", "mlp", "--hidden", "9", "--latent", "3",
            "--batch", "20", "--steps", "3", "--quiet", "--out", out} +
      more);
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  return out;
}

/// Few replicates: what is asked is which rows there are.
Json study(const Words& more) { return tests::study(Words{"--replicates", "16"} + more); }

Words estimators_of(const Json& study) {
  Words all;
  for (const Json& row : study["rows"]) {
    const std::string name = row["estimator"];
    if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
  }
  return all;
}

}  // namespace

TEST_CASE("gradvar objective: of a run it is the run's own") {
  const tests::TempFolder folder;
  const std::string run = trained(folder / "tcvae", {"--objective", "beta_tcvae(beta=6)"});
  const Json own = study({"--run", run});
  CHECK(own["objective"] == "beta_tcvae(beta=6)");
  CHECK(own["rows"][0]["bound"] == "nell + mi(strat) + 6*tc(strat) + dwkl(strat)");
  CHECK(estimators_of(own) == Words{"reparam"});
  for (const Json& row : own["rows"]) CHECK(row["variance"].get<double>() > 0);
  CHECK(own["rows"] != study({"--run", run, "--objective", "nell + 4*div"})["rows"]);
  // Bounds as before, where they are asked for.
  const Json bounds = study({"--run", run, "--bounds", "elbo,iw", "--m", "4"});
  CHECK(bounds["objective"].is_null());
  CHECK(estimators_of(bounds) == Words{"reparam", "stl", "dreg"});

  const Outcome text = run_program_binary({"gradvar", "--run", run, "--replicates", "8"});
  CHECK_THAT(text.out, contains("objective nell + mi(strat) + 6*tc(strat) + dwkl(strat)"));
  CHECK_THAT(text.out, contains("of a cost the cost's"));
}

TEST_CASE("gradvar objective: a run's own estimator is among those studied") {
  const tests::TempFolder folder;
  const std::string run =
      trained(folder / "iw", {"--objective", "iw(m=3)", "--estimator", "vimco"});
  CHECK(estimators_of(study({"--run", run})) == Words{"vimco", "reparam", "stl", "dreg"});
  CHECK(estimators_of(study({"--run", run, "--estimators", "dreg"})) == Words{"dreg"});
}

TEST_CASE("gradvar objective: examples drawn anew for each replicate add their variance") {
  const tests::TempFolder folder;
  const std::string run = trained(folder / "vae", {"--objective", "nell + 4*div"});
  const Words words{"--run", run, "--batch", "5"};
  const Json fixed = study(words), anew = study(words + Words{"--resample"});
  CHECK(anew["resample"] == true);
  CHECK(anew["rows"] != fixed["rows"]);
  CHECK(anew["rows"][0]["variance"].get<double>() > fixed["rows"][0]["variance"].get<double>());
  // Equal seeds, equal examples, on any number of threads.
  const auto with = [&](const char* threads) {
    return tests::timeless(study(words + Words{"--resample", "--threads", threads}));
  };
  CHECK(with("1") == with("3"));
}

TEST_CASE("gradvar objective: --out writes the mean gradients by parameter") {
  const tests::TempFolder folder;
  const auto gradient = [&](const std::string& objective, const std::string& out) {
    study({"--world", "linear-gaussian", "--objective", objective, "--out", folder / out});
    return tests::floats(folder /
                         (out + "/gradients.npz:" + objective + "/reparam/encoder.weight"));
  };
  const std::vector<float> sum = gradient("nell + 4*div", "sum"), nell = gradient("nell", "nell"),
                           div = gradient("div", "div");
  REQUIRE(sum.size() == 4);
  for (std::size_t i = 0; i < sum.size(); ++i) {
    CHECK(sum[i] == Approx(nell[i] + 4 * div[i]).epsilon(1e-5).margin(1e-6));
  }
  study({"--world", "linear-gaussian", "--bounds", "elbo,iw", "--m", "8", "--out",
         folder / "bounds"});
  for (const char* name : {"elbo/stl", "iw(m=8)/dreg"}) {
    CHECK(tests::floats(folder / ("bounds/gradients.npz:" + std::string(name) + "/decoder.bias"))
              .size() == 2);
  }
}

TEST_CASE("gradvar objective: k is a column wherever it is not 1") {
  const Outcome copies = run_program_binary(
      {"gradvar", "--world", "linear-gaussian", "--bounds", "miwae(2,4)", "--replicates", "8"});
  CHECK_THAT(copies.out, contains("estimator  m  k  |mean|"));
  const Outcome single = run_program_binary(
      {"gradvar", "--world", "linear-gaussian", "--bounds", "iw(4)", "--replicates", "8"});
  CHECK_THAT(single.out, contains("estimator  m  |mean|"));
  const Json row = study({"--world", "linear-gaussian", "--objective", "miwae(2,4)"})["rows"][0];
  CHECK(row["m"] == 4);
  CHECK(row["k"] == 2);
}

TEST_CASE("gradvar objective: wrong usage names the setting") {
  const tests::TempFolder folder;
  const std::string run = trained(folder / "vae", {"--objective", "elbo"});
  const Words world{"--world", "linear-gaussian"};
  const std::vector<std::pair<Words, std::string>> all{
      {world + Words{"--objective", "nell", "--bounds", "elbo"},
       "--objective: cannot be given with --bounds"},
      {world + Words{"--objective", "nell", "--m", "4"}, "--m: is for --bounds"},
      {{"--run", run, "--k", "2"}, "--k: is for --bounds"},
      {{"--run", run, "--m", "2"}, "add --bounds"},
      {world + Words{"--objective", "nel"}, "objective, column 1"},
      {world + Words{"--objective", "nell + factor_tc"}, "critic network"},
      {world + Words{"--objective", "tc", "--batch", "1"}, "at least 2"},
      {{"--run", run, "--objective", "tc(full)"}, "strat"},
      {{"--world", "discrete", "--resample"}, "--resample: the discrete world"},
      {Words{"--resample"}, "--resample: the rainforth world"}};
  for (const auto& [words, reason] : all) {
    CAPTURE(words);
    const Outcome outcome = run_program_binary(Words{"gradvar", "--replicates", "8"} + words);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, contains(reason));
  }
}
