// What the program says of models whose numbers are not finite, and of errors that cannot be known.
#include <cmath>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "tests/apps/untrained_run.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using nlohmann::json;

namespace {

struct Command {
  std::vector<std::string> arguments;  // RUN follows the first
  std::string what;                    // that is not finite
};

const std::vector<Command> commands{
    {{"decompose", "--pairs", "0"}, "the term '"},
    {{"eval"}, "the term '"},
    {{"bounds", "--m", "1,4", "--k", "1"}, "the bound for k = 1, m = 1"},
    {{"gradvar", "--bounds", "elbo,iw", "--m", "2", "--replicates", "8"}, "the gradient of "}};

/// All of them, on parameters as they are.
void check_refused(const UntrainedRun& run) {
  run.save();
  for (const Command& command : commands) {
    for (const bool as_json : {false, true}) {
      std::vector<std::string> arguments = command.arguments;
      if (arguments[0] == "gradvar") arguments.insert(arguments.begin() + 1, "--run");
      if (as_json) arguments.push_back("--json");
      if (arguments[0] == "gradvar") {
        arguments.insert(arguments.begin() + 2, run.folder / "run");
      } else {
        arguments.insert(arguments.begin() + 1, run.folder / "run");
      }
      const Outcome outcome = run_program_binary(arguments);
      CAPTURE(arguments, outcome.err);
      CHECK(outcome.code == 4);
      CHECK_THAT(outcome.err, contains(command.what) && contains("is not finite"));
    }
  }
}

}  // namespace

TEST_CASE("not finite: parameters that are no numbers end every report with exit code 4") {
  for (const char* name : {"encoder.head.bias", "decoder.output.bias"}) {
    for (const float value : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
      const UntrainedRun run("diagonal");
      CAPTURE(name, value);
      run.store.tensor(name).data_as<float>()[0] = value;
      check_refused(run);
    }
  }
}

TEST_CASE("not finite: codes and samples that are no numbers are not written") {
  const UntrainedRun run("diagonal"), binary("bernoulli");
  for (const UntrainedRun* of : {&run, &binary}) {
    for (const char* name : {"encoder.head.bias", "decoder.output.bias"}) {
      of->store.tensor(name).data_as<float>()[0] = std::nanf("");
    }
    of->save();
  }
  for (const auto& [of, array] : {std::pair{&run, "mean"}, {&binary, "probabilities"}}) {
    const Outcome encoded = of->run({"encode", "--out", of->folder / "z.npz"});
    CAPTURE(encoded.err);
    CHECK(encoded.code == 4);
    CHECK_THAT(encoded.err, contains(std::string("'") + array + "' of example 0 is not finite"));
    CHECK_FALSE(std::filesystem::exists(of->folder / "z.npz"));
    const Outcome sampled = of->run({"sample", "--out", of->folder / "s.png"});
    CAPTURE(sampled.err);
    CHECK(sampled.code == 4);
    CHECK_THAT(sampled.err, contains("sample 0 is not finite"));
    CHECK_FALSE(std::filesystem::exists(of->folder / "s.png"));
  }
}

TEST_CASE("not finite: tables say '-' and no nan") {
  for (const char* posterior : {"diagonal", "bernoulli"}) {
    const UntrainedRun run(posterior);
    const Tensor bias = run.store.tensor("encoder.head.bias");
    for (std::int64_t i = 0; i < bias.size(); ++i) bias.data_as<float>()[i] = std::nanf("");
    run.save();
    for (const char* command : {"eval", "bounds", "decompose"}) {
      const Outcome outcome = run.run({command});
      CAPTURE(posterior, outcome.out);
      CHECK(outcome.code == 4);
      CHECK_THAT(outcome.out, !contains("nan"));
      if (command == std::string("decompose")) {
        CHECK_THAT(outcome.out, contains("\n0                    -               -\n"));
      }
    }
  }
}

TEST_CASE("not finite: parameters at the ends of float end every report with exit code 4") {
  for (const float value : {300.f, 3e38f, -3e38f}) {
    const UntrainedRun run("diagonal");
    CAPTURE(value);
    const Tensor bias = run.store.tensor("encoder.head.bias");
    bias.data_as<float>()[bias.size() - 1] = value;  // a log-variance
    run.save();
    const Outcome outcome = run.run({"decompose", "--pairs", "0", "--json"});
    CAPTURE(outcome.err, outcome.out);
    CHECK(outcome.code == 4);
    CHECK_THAT(outcome.err, contains("is not finite"));
  }
}

TEST_CASE("one example: errors that cannot be known are '-' and null") {
  const UntrainedRun run("diagonal");
  run.folder.write("one-images-idx3-ubyte", idx({1, 4, 4}, std::string(16, char(200))));
  const std::vector<std::string> data{"--data", run.folder / "one-images-idx3-ubyte"};
  const auto with = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), data.begin(), data.end());
    return arguments;
  };
  const Outcome eval = run.run(with({"eval"}));
  CHECK(eval.code == 0);
  CHECK_THAT(eval.out, contains(" +- - ") && !contains("nan"));
  const Outcome bounds = run.run(with({"bounds", "--m", "1,4", "--k", "1"}));
  CHECK(bounds.code == 0);
  CHECK_THAT(bounds.out, contains(" +- - ") && !contains("nan"));
  CHECK(run.ask(with({"eval"}))["standard_error"]["elbo"].is_null());
  CHECK(run.ask(with({"bounds", "--m", "4", "--k", "1"}))["bounds"][0]["se"].is_null());
  const Outcome decompose = run.run({"decompose", "--pairs", "1"});
  CHECK(decompose.code == 0);
  CHECK_THAT(decompose.out, contains(" +- - ") && !contains("nan"));
}

TEST_CASE("few replicates: a study's errors are '-', null and empty") {
  const TempFolder folder;
  const Outcome study = run_program_binary(
      {"gradvar", "--bounds", "iw", "--m", "1,4", "--replicates", "8", "--out", folder / "study"});
  CHECK(study.code == 0);
  CHECK_THAT(study.out, contains(" +- -") && !contains("nan"));
  const json all = json::parse(read_whole(folder / "study/study.json"));
  for (const json& row : all["rows"]) {
    CHECK(row["snr"].is_number());
    CHECK(row["snr_se"].is_null());
    CHECK(row["dsnr_se"].is_null());
    CHECK(row["us_per_gradient_se"].is_null());
  }
  for (const json& slope : all["slopes"]) {
    CHECK(slope["slope"].is_number());
    CHECK(slope["se"].is_null());
    CHECK(slope["low"].is_null());
  }
  CHECK(!all["slopes"].empty());
  CHECK_THAT(read_whole(folder / "study/study.csv"), !contains("nan"));
  CHECK_THAT(read_whole(folder / "study/report.html"), contains(" \xC2\xB1 -") && !contains("nan"));
}

TEST_CASE("decompose: both divergences, what residuals are of, and the interval's tolerance") {
  const UntrainedRun run("diagonal");
  const Outcome outcome = run.run({"decompose", "--pairs", "0"});
  CHECK(outcome.code == 0);
  CHECK_THAT(outcome.out, contains("\ndiv(mc) ") && contains("div(mc) - (mi + aggdiv) = ") &&
                              contains("within 4 standard errors"));
  const json of = run.ask({"decompose", "--pairs", "0"});
  const double residual = of["identities"]["div(mc) - (mi + aggdiv)"];
  const auto value = [&](const char* name) { return of["terms"][name]["value"].get<double>(); };
  CHECK(residual == Approx(value("div(mc)") - value("mi") - value("aggdiv")).margin(1e-12));
  CHECK(of["mi_low"]["tolerance"] > 0);
  if (of["mi_low"]["value"] > of["mi_high"]["value"]) {
    CHECK(of["mi_interval"].is_null());
    CHECK_THAT(outcome.out, contains("none, its ends are crossed"));
  } else {
    CHECK(of["mi_interval"][0] == of["mi_low"]["value"]);
    CHECK_THAT(outcome.out, contains("<= I_enc <="));
  }
}

TEST_CASE("not finite: codes that no number tells apart cost a run its ledger, and do not end it") {
  const TempFolder folder;
  std::mt19937 random(2);
  std::ostringstream text;
  text << "a,b,c,d\n";
  for (int row = 0; row < 200; ++row) {
    for (int i = 0; i < 4; ++i) text << (i > 0 ? "," : "") << int(random() % 61) - 30;
    text << "\n";
  }
  const Outcome outcome =
      run_program_binary({"train", "--data", folder.write("t.csv", text.str()), "--likelihood",
                          "normal", "--hidden", "5", "--latent", "2", "--epochs", "5", "--batch",
                          "20", "--lr", "10", "--threads", "1", "--out", folder / "run"});
  INFO(outcome.err);
  CHECK(outcome.code == 0);
  CHECK_THAT(outcome.out + outcome.err,
             contains("note: no ledger of this epoch: decompose: Q(Z|x) of example"));
  const std::string lines = read_whole(folder / "run/metrics.jsonl");
  CHECK_THAT(lines, contains("\"epoch\":5") && !contains("\"ledger\""));
}
