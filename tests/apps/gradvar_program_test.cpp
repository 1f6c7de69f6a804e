// `nelbo gradvar`, `nelbo train --estimator` and `nelbo objectives` as a user runs them.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/apps/gradvar_study.hpp"
#include "tests/apps/train_command.hpp"
#include "tests/apps/train_process.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using nelbo::tests::Outcome;
using nelbo::tests::run_program_binary;
using tests::contains;
using Json = nlohmann::json;
using tests::Words;
using tests::operator+;
using tests::last;
using tests::study;
using tests::timeless;
using tests::write_data;

namespace {

const Words small{"--world", "rainforth", "--bounds", "elbo,iw",      "--m",
                  "4,16",    "--k",       "1,2",      "--replicates", "200"};

Words keys_of(const Json& object) {
  Words keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

bool has_keys(const Json& object, const Words& keys) {
  return std::all_of(keys.begin(), keys.end(),
                     [&](const std::string& key) { return object.contains(key); });
}

Words training(const std::string& data, const std::string& out) {
  return {"train", "--data",  data, "--model",    "mlp",     "--hidden", "9",     "--latent",
          "2",     "--batch", "20", "--binarize", "dynamic", "--quiet",  "--out", out};
}

}  // namespace

TEST_CASE("gradvar: the JSON object has the documented keys, and null for what is not known") {
  const Json all = study(small + Words{"--estimators", "reparam,dreg,vimco"});
  CHECK(keys_of(all) == Words{"batch", "isa", "objective", "reference", "replicates", "resample",
                              "rows", "seconds", "seed", "slopes", "subject", "threads"});
  CHECK(all["objective"].is_null());
  // elbo and iw(4), iw(16), each with k = 1 and 2, of three estimators in theta and phi; vimco has
  // one row for both where it is not defined.
  REQUIRE(all["rows"].size() == 6 * 3 * 2 - 2);
  const Words keys{"bound",           "estimator", "m",         "k",         "group", "mean_norm",
                   "variance",        "snr",       "snr_norm",  "snr_floor", "dsnr",  "bias_t",
                   "us_per_gradient", "exact",     "asymptote", "undefined"};
  const std::set<std::string> first = [&] {
    const Words found = keys_of(all["rows"][0]);
    return std::set<std::string>(found.begin(), found.end());
  }();
  for (const Json& row : all["rows"]) {
    CAPTURE(row);
    CHECK(has_keys(row, keys));
    const Words found = keys_of(row);
    CHECK(std::set<std::string>(found.begin(), found.end()) == first);  // of every row the same
    CHECK((row["group"] == "theta" || row["group"] == "phi"));
    const bool undefined = row["estimator"] == "vimco" && row["bound"] == "elbo";
    CHECK(row["undefined"].is_string() == undefined);
    CHECK(row["variance"].is_number() == !undefined);
    if (undefined) {
      CHECK_THAT(row["undefined"].get<std::string>(), contains("m >= 2"));
      continue;
    }
    CHECK(row["variance"].get<double>() > 0);
    CHECK(row["snr_floor"].get<double>() == Approx(1 / std::sqrt(200.0)));
    const bool known = row["estimator"] != "vimco" || row["group"] == "theta";
    CHECK(row["exact"].is_object() == (known && row["bound"] == "elbo"));
    CHECK(row["asymptote"].is_object() == (known && row["bound"] == "iw"));
  }
  REQUIRE_FALSE(all["slopes"].empty());
  for (const Json& slope : all["slopes"]) {
    CAPTURE(slope);
    CHECK(has_keys(slope, {"bound", "estimator", "group", "axis", "slope", "se", "theory"}));
    CHECK((slope["axis"] == "m" || slope["axis"] == "k"));
    CHECK(slope["se"].get<double>() > 0);
  }
}

TEST_CASE("gradvar: the toy's exact numbers come out of the program") {
  const Json all = study({"--world", "rainforth", "--bounds", "elbo", "--replicates", "4000"});
  for (const Json& row : all["rows"]) {
    CAPTURE(row);
    const double z = (row["variance"].get<double>() - row["exact"]["variance"].get<double>()) /
                     row["variance_se"].get<double>();
    CHECK(std::fabs(z) < 4);
    if (row["group"] != "phi") continue;
    // 20 coordinates of 8/3, or of 1/6 where the score is left out.
    CHECK(row["exact"]["variance"].get<double>() ==
          Approx(row["estimator"] == "reparam" ? 160.0 / 3 : 20.0 / 6));
  }
}

TEST_CASE("gradvar: results do not depend on the number of threads") {
  const Words some = small + Words{"--estimators", "reparam,dreg,score(mean),reparam+antithetic"};
  CHECK(timeless(study(some + Words{"--threads", "1"})) ==
        timeless(study(some + Words{"--threads", "2"})));
  CHECK(timeless(study(some)) != timeless(study(some + Words{"--seed", "4"})));
}

TEST_CASE("gradvar: --out writes the table, the JSON object and a page") {
  const tests::TempFolder folder;
  const std::string out = folder / "a study";
  const Json printed = study(small + Words{"--out", out});
  CHECK(Json::parse(tests::read_whole(out + "/study.json")) == printed);
  std::istringstream csv(tests::read_whole(out + "/study.csv"));
  std::string line;
  REQUIRE(std::getline(csv, line));
  CHECK_THAT(line, contains("bound,estimator,m,k,group,mean_norm"));
  std::size_t lines = 0;
  while (std::getline(csv, line)) ++lines;
  CHECK(lines == printed["rows"].size());
  const std::string page = tests::read_whole(out + "/report.html");
  CHECK_THAT(page, contains("<svg") && contains("</html>"));
  CHECK_FALSE(std::filesystem::is_empty(out + "/figures"));

  const std::string file = folder.write("file", "");
  const Outcome refused = run_program_binary(Words{"gradvar"} + small + Words{"--out", file});
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, contains("--out: " + file));
}

TEST_CASE("gradvar: the text says what is not defined, and why") {
  const Outcome outcome = run_program_binary(
      {"gradvar", "--bounds", "elbo,vr_max", "--m", "4", "--estimators",
       "reparam,dreg,rloo,dreg+antithetic,wake_sleep,score(learned)", "--replicates", "50"});
  INFO(outcome.err);
  CHECK(outcome.code == 0);
  CHECK_THAT(outcome.out, contains("not defined") && contains("no second derivatives") &&
                              contains("there are no other copies to compare with") &&
                              contains("samples that must be independent") &&
                              contains("made of importance weights") &&
                              contains("trained with its model"));
}

TEST_CASE("gradvar: wrong usage exits 2 with a hint and nothing on stdout") {
  const auto [words, reason] = GENERATE(table<Words, std::string>({
      {{"--estimators", "dregg"}, "did you mean 'dreg'?"},
      {{"--estimators", "score(leaned)"}, "did you mean 'learned'?"},
      {{"--estimators", "psi=dreg"}, "there are phi (encoder) and theta"},
      {{"--estimators", "stl+sobol"}, "--estimators: "},
      {{"--reference", "vimko"}, "did you mean 'vimco'?"},
      {{"--bounds", "iww"}, "did you mean 'iw'?"},
      {{"--bounds", "nell"}, "--bounds: 'nell' is no bound"},
      {{"--world", "rainfort"}, "--world"},
      {{"--replicates", "3"}, "--replicates: '3'"},
      {{"--m", "4,0"}, "--m"},
      {{"--m", "1000000", "--k", "2"}, "--k: 2 groups of m = 1000000: at most 1000000 samples"},
      {{"--world", "rainforth", "--run", "runs/none"}, "--world: cannot be given with --run"},
      {{"--data", "sprites"}, "--data: is for --run"},
      {{"--batch", "2"}, "one datum"},
  }));
  CAPTURE(words);
  const Outcome outcome = run_program_binary(Words{"gradvar"} + words);
  CHECK(outcome.code == 2);
  CHECK(outcome.out.empty());
  CHECK(outcome.err.rfind("nelbo: ", 0) == 0);
  CHECK_THAT(outcome.err, contains(reason));
}

TEST_CASE("gradvar: a missing run exits 1 and is named") {
  const Outcome outcome = run_program_binary({"gradvar", "--run", "no/such.run"});
  CHECK(outcome.code == 1);
  CHECK_THAT(outcome.err, contains("no/such.run"));
}

TEST_CASE("gradvar: signals keep what was finished") {
  const tests::TempFolder folder;
  const auto [number, code] = GENERATE(std::pair(SIGINT, 130), std::pair(SIGTERM, 143));
  const std::string out = folder / "study";
  // iw(1) is done in a second at most; 100,000 draws of 100,000 samples take hours.
  tests::Process process(folder, {"gradvar", "--bounds", "iw", "--m", "1,100000", "--replicates",
                                  "100000", "--threads", "2", "--out", out, "--json"});
  std::this_thread::sleep_for(std::chrono::seconds(4));
  process.signal(number);
  const Outcome outcome = process.wait();
  CHECK(outcome.code == code);
  const Json printed = Json::parse(outcome.out);
  REQUIRE_FALSE(printed["rows"].empty());
  for (const Json& row : printed["rows"]) CHECK(row["m"] == 1);
  CHECK(Json::parse(tests::read_whole(out + "/study.json")) == printed);
  CHECK_THAT(tests::read_whole(out + "/report.html"), contains("</html>"));
}

TEST_CASE("gradvar: a trained run") {
  const tests::TempFolder folder;
  const std::string run = folder / "run";
  REQUIRE(run_program_binary(
              training(write_data(folder), run) +
              Words{"--objective", "iw(m=4)", "--estimator", "score(learned)", "--steps", "6"})
              .code == 0);
  const Words words{"--run",        run,
                    "--bounds",     "elbo,iw(4)",
                    "--estimators", "reparam,reparam(exact),dreg,score(learned),wake_sleep",
                    "--batch",      "5",
                    "--replicates", "64"};
  const Json all = study(words);
  CHECK(all["batch"] == 5);
  CHECK(all["subject"] == "run " + run);
  std::set<std::string> groups, defined;
  for (const Json& row : all["rows"]) {
    if (!row["undefined"].is_null()) continue;
    groups.insert(row["group"].get<std::string>());
    defined.insert(row["bound"].get<std::string>() + " " + row["estimator"].get<std::string>());
    CHECK(row["exact"].is_null());
  }
  CHECK(groups.count("theta") == 1);
  CHECK(groups.count("phi") == 1);
  CHECK(std::any_of(groups.begin(), groups.end(),
                    [](const std::string& group) { return group.find('.') != std::string::npos; }));
  CHECK(defined == std::set<std::string>{"elbo reparam", "elbo reparam(exact)", "elbo dreg",
                                         "elbo score(learned)", "iw reparam", "iw dreg",
                                         "iw score(learned)", "iw wake_sleep(wake=0.5)"});
  // The data are drawn by the run's seed, or another.
  CHECK(timeless(study(words)) == timeless(all));
  CHECK(timeless(study(words + Words{"--seed", "9"})) != timeless(all));
  const Outcome many = run_program_binary(Words{"gradvar"} + words + Words{"--split", "train"});
  CHECK(many.code == 0);
  const Outcome few = run_program_binary({"gradvar", "--run", run, "--batch", "100"});
  CHECK(few.code == 2);
  CHECK_THAT(few.err, contains("--batch: 100 of a split of 6 examples"));
}

TEST_CASE("train --estimator: trains, resumes to the same bytes, and is recorded") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder);
  const std::string estimator =
      GENERATE("stl", "dreg", "vimco", "score(mean)", "score(learned)", "phi=stl,theta=reparam",
               "reparam+antithetic", "phi=dreg,theta=piwae");
  CAPTURE(estimator);
  const Words flags{"--objective", "iw(m=4)", "--estimator", estimator, "--steps"};
  const std::string whole = folder / "whole", parts = folder / "parts";
  const Outcome trained = run_program_binary(training(data, whole) + flags + Words{"8"});
  INFO(trained.err);
  REQUIRE(trained.code == 0);
  REQUIRE(run_program_binary(training(data, parts) + flags + Words{"4"}).code == 0);
  REQUIRE(run_program_binary({"train", "--resume", parts, "--steps", "4", "--quiet"}).code == 0);
  CHECK(last(whole) == last(parts));
  CHECK_THAT(tests::read_whole(whole + "/config.toml"),
             contains("estimator = '" + estimator + "'\n"));

  // It is not what reparam gives.
  const std::string other = folder / "reparam";
  REQUIRE(
      run_program_binary(training(data, other) + Words{"--objective", "iw(m=4)", "--steps", "8"})
          .code == 0);
  CHECK(last(other) != last(whole));
}

TEST_CASE("train --estimator reparam(exact) takes Div of elbo(mc) in closed form") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder);
  const auto metrics = [&](const std::string& name, const Words& flags) {
    const Outcome outcome =
        run_program_binary(training(data, folder / name) + flags + Words{"--steps", "1", "--json"});
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    return Json::parse(outcome.out)["train"];
  };
  const Json exact = metrics("a", {"--objective", "elbo"});
  const Json by_estimator =
      metrics("b", {"--objective", "elbo(mc)", "--estimator", "reparam(exact)"});
  const Json sampled = metrics("c", {"--objective", "elbo(mc)"});
  CHECK(by_estimator["bound"].get<double>() == Approx(exact["bound"].get<double>()).epsilon(1e-6));
  CHECK(sampled["bound"].get<double>() != Approx(exact["bound"].get<double>()).epsilon(1e-6));
}

TEST_CASE("train --estimator: what is wrong exits 2, says why and leaves no folder") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  const auto [objective, estimator, reason] =
      GENERATE(table<std::string, std::string, std::string>({
          {"elbo", "dreg", "write elbo(mc)"},
          {"nell + 4*div", "stl", "write elbo(mc)"},
          {"elbo", "reparam+antithetic", "write elbo(mc)"},
          {"iw(m=4)", "dregg", "did you mean 'dreg'?"},
          {"iw(m=4)", "score(leaned)", "did you mean 'learned'?"},
          {"iw(m=4)", "phi=stl,phi=reparam", "phi is given twice"},
          {"iw(m=4)", "psi=stl", "there is no group 'psi'"},
          {"iw(m=4)", "rloo", "use mc(k, ...)"},
          {"iw(m=4)", "reparam(exact)", "it is for the ELBO"},
          {"iw(m=4)", "dreg+antithetic", "must be independent"},
          {"vr_max(m=4)", "dreg", "no second derivatives"},
      }));
  CAPTURE(objective, estimator);
  const Outcome outcome =
      run_program_binary(training(data, run) +
                         Words{"--objective", objective, "--estimator", estimator, "--steps", "1"});
  CHECK(outcome.code == 2);
  CHECK(outcome.out.empty());
  CHECK_THAT(outcome.err, contains("--estimator: ") && contains(reason));
  CHECK_FALSE(std::filesystem::exists(run));
}

TEST_CASE("objectives lists the estimators, and for which bounds they are unbiased") {
  const Outcome text = run_program_binary({"objectives"});
  REQUIRE(text.code == 0);
  const Outcome outcome = run_program_binary({"objectives", "--json"});
  REQUIRE(outcome.code == 0);
  std::set<std::string> names;
  const Json all = Json::parse(outcome.out);
  for (const Json& estimator : all["estimators"]) {
    CAPTURE(estimator);
    CHECK(has_keys(estimator, {"name", "usage", "default", "meaning", "formula", "source",
                               "unbiased_for", "biased_for", "undefined_for"}));
    for (const char* key : {"usage", "meaning", "formula", "source"}) {
      CHECK_THAT(text.out, contains(estimator[key].get<std::string>()));
    }
    const Words unbiased = estimator["unbiased_for"];
    const auto is_unbiased = [&](const char* bound) {
      return std::count(unbiased.begin(), unbiased.end(), bound) == 1;
    };
    const std::string name = estimator["name"];
    names.insert(name);
    if (name == "reparam" || name == "score") CHECK(unbiased.size() >= 9);
    if (name == "stl") {
      CHECK(unbiased == Words{"elbo", "mc(k)"});
      CHECK_THAT(estimator["biased_for"]["iw"].get<std::string>(), contains("score"));
    }
    if (name == "dreg") CHECK((is_unbiased("iw") && estimator["undefined_for"].contains("vr_max")));
    if (name == "vimco") CHECK((is_unbiased("iw") && estimator["undefined_for"].contains("elbo")));
    if (name == "rloo") CHECK((is_unbiased("mc(k)") && !is_unbiased("iw")));
  }
  for (const char* name : {"reparam", "stl", "dreg", "score", "rloo", "vimco", "ovis", "wake_sleep",
                           "rws_dreg", "piwae"}) {
    CHECK(names.count(name) == 1);
  }
}
