// Rates, optimisers and the moving average by the program: what it logs, keeps, tells and refuses.
#include <cmath>
#include <filesystem>

#include "lab/training/loaded_run.hpp"
#include "tests/apps/train_command.hpp"
#include "tests/apps/train_process.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using nelbo::tests::command;
using nelbo::tests::contains;
using nelbo::tests::lines_of;
using nelbo::tests::Outcome;
using nelbo::tests::read_whole;
using nelbo::tests::run_program_binary;
using nelbo::tests::write_data;
using nelbo::tests::operator/;
using Json = nlohmann::json;

TEST_CASE("rates: logged by group, kept, and told in the header") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  const std::string rate = "phi=cosine(1e-2, 0, steps=6),theta=1e-3";
  const Outcome done = run_program_binary(command(data, run, {"--epochs", "2", "--lr", rate}));
  INFO(done.err);
  REQUIRE(done.code == 0);
  CHECK_THAT(done.err, contains("lr          " + rate));
  CHECK_THAT(done.err, contains("adam(beta1=0.9, beta2=0.999, epsilon=1e-08)"));
  const auto lines = lines_of(run);
  REQUIRE(lines.size() == 2);
  // The last of 3 steps an epoch: the third and the sixth of all.
  const double pi = std::acos(-1.0);
  CHECK(lines[0]["lr"]["phi"] == Approx(5e-3 * (1 + std::cos(pi * 2 / 6))));
  CHECK(lines[1]["lr"]["phi"] == Approx(5e-3 * (1 + std::cos(pi * 5 / 6))));
  CHECK(lines[1]["lr"]["theta"] == 1e-3);
  CHECK_FALSE(lines[0].contains("clipped"));
  CHECK_FALSE(lines[0].contains("ema"));
  CHECK_THAT(read_whole(run + "/config.toml"),
             contains("lr = '" + rate + "'") || contains("lr = \"" + rate + "\""));
  CHECK(open_run(run).config.lr == rate);
  CHECK_FALSE(std::filesystem::exists(run + "/checkpoints/ema.safetensors"));
}

TEST_CASE("rates: changed by another schedule on resume, and run.json says at which step") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  REQUIRE(run_program_binary(command(data, run, {"--epochs", "1"})).code == 0);
  const std::string rate = "cosine(1e-2, 0, steps=100)";
  const Outcome changed =
      run_program_binary({"train", "--resume", run, "--change", "lr=" + rate, "--epochs", "1"});
  INFO(changed.err);
  REQUIRE(changed.code == 0);
  CHECK_THAT(changed.err,
             contains("cosine(0.01, 0, steps=100) ends at step 100, the run at step 6"));
  const Json part = Json::parse(read_whole(run + "/run.json"))["resumed"][0];
  CHECK(part["step"] == 3);
  CHECK(part["changed"]["lr"]["from"] == 1e-3);
  CHECK(part["changed"]["lr"]["to"] == rate);
  CHECK(lines_of(run)[1]["lr"] ==
        Approx(5e-3 * (1 + std::cos(std::acos(-1.0) * 5 / 100))).epsilon(1e-12));
  const Outcome wrong = run_program_binary(
      {"train", "--resume", run, "--change", "lr=cosin(1, 0, steps=1)", "--epochs", "1"});
  CHECK(wrong.code == 2);
  CHECK_THAT(wrong.err, contains("cosin"));
}

TEST_CASE(
    "rates: a schedule that outlives the run is told and trained; what cannot be is refused") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder);
  const Outcome burda =
      run_program_binary(command(data, folder / "run", {"--epochs", "1", "--lr", "burda"}));
  CHECK(burda.code == 0);
  CHECK_THAT(burda.err, contains("ends after 1093 epochs, the run after 1"));
  CHECK(lines_of(folder / "run")[0]["lr"] == 1e-3);
  const auto refused = [&](std::vector<std::string> flags, const std::string& why) {
    const Outcome outcome = run_program_binary(command(data, folder / "none", flags));
    INFO(outcome.err);
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.err, contains(why));
    CHECK_FALSE(std::filesystem::exists(folder / "none"));
  };
  refused({"--lr", "0"}, "--lr: must be a finite number above 0");
  refused({"--lr", "cosine(1e-3, -1, steps=5)"}, "--lr: ");
  refused({"--lr", "chi=1"}, "--lr: the model has no group 'chi'; there are phi, theta");
  refused({"--lr", "step(1e-3, factor=1e99, every=1)", "--epochs", "2"}, "--lr: ");
  refused({"--momentum", "0.5"}, "--momentum: the optimizer 'adam' takes none; sgd does");
  refused({"--beta1", "1"}, "--beta1: ");
  refused({"--second-moment", "-1"}, "--second-moment: ");
  refused({"--clip", "-1"}, "--clip: ");
  refused({"--ema", "1"}, "--ema: ");
}

TEST_CASE("optimizer: every effective number is told and kept") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  const Outcome done = run_program_binary(command(
      data, run,
      {"--epochs", "1", "--optimizer", "adamw", "--beta1", "0.5", "--normalise-gradients"}));
  INFO(done.err);
  REQUIRE(done.code == 0);
  CHECK_THAT(done.err, contains("adamw(beta1=0.5, beta2=0.999, epsilon=1e-08, weight_decay=0.01), "
                                "gradients normalised"));
  const TrainConfig config = open_run(run).config;
  CHECK(config.weight_decay == 0.01);
  CHECK(config.beta1 == 0.5);
  CHECK(config.beta2 == 0.999);
  CHECK(config.normalise_gradients);
}

TEST_CASE("optimizer: clipped steps and the moving average are in the log, the result and files") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder), run = folder / "run";
  const Outcome done = run_program_binary(command(
      data, run,
      {"--epochs", "2", "--clip", "1e-3", "--ema", "0.75", "--validation", "0.2", "--json"}));
  INFO(done.err);
  REQUIRE(done.code == 0);
  const Json result = Json::parse(done.out);
  const auto lines = lines_of(run);
  CHECK(lines[0]["clipped"] == 3);
  CHECK(lines[1]["clipped"] == 3);
  CHECK(result["clipped"] == 6);
  for (const char* split : {"valid", "test"}) {
    CHECK(lines[1]["ema"][split]["elbo"] != lines[1][split]["elbo"]);
    CHECK(result["ema"][split]["elbo"] == lines[1]["ema"][split]["elbo"]);
  }
  const Json record = Json::parse(read_whole(run + "/run.json"));
  CHECK(record["clipped"] == 6);
  CHECK(record["ema"]["test"]["elbo"] == result["ema"]["test"]["elbo"]);
  // The average opens as other checkpoints do.
  const Outcome evaluated =
      run_program_binary({"eval", run + "/checkpoints/ema.safetensors", "--json"});
  INFO(evaluated.err);
  CHECK(evaluated.code == 0);

  // The same in two parts, within an epoch.
  const std::string parts = folder / "parts";
  REQUIRE(run_program_binary(
              command(data, parts,
                      {"--steps", "4", "--clip", "1e-3", "--ema", "0.75", "--validation", "0.2"}))
              .code == 0);
  const Outcome rest = run_program_binary({"train", "--resume", parts, "--steps", "2"});
  INFO(rest.err);
  REQUIRE(rest.code == 0);
  CHECK(tests::last(parts) == tests::last(run));
  CHECK(read_whole(parts + "/checkpoints/ema.safetensors") ==
        read_whole(run + "/checkpoints/ema.safetensors"));
  CHECK_THAT(rest.out, contains("ema test") && contains("clipped: 6 of 6 steps"));
}
