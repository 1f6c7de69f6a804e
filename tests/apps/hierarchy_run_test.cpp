// Models of two stochastic layers as a user trains them: burda2 and ladder2 through all commands.
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/apps/train_command.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using Words = std::vector<std::string>;
using Json = nlohmann::json;

namespace {

std::string out_of(const Words& words) {
  const Outcome outcome = run_program_binary(words);
  CAPTURE(words, outcome.err);
  REQUIRE(outcome.code == 0);
  return outcome.out;
}

Words training(const std::string& data, const std::string& model, const std::string& out,
               const Words& more) {
  Words words{"train",      "--data",  data,          "--model", model,   "--batch", "20",
              "--binarize", "dynamic", "--objective", "iw(m=3)", "--out", out};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

TEST_CASE("train: burda2 and ladder2 go through every command, with their layers told apart") {
  const TempFolder folder;
  const std::string data = write_data(folder);
  for (const std::string model : {"burda2", "ladder2"}) {
    const std::string run = folder / (model + "1"), parts = folder / (model + "3");
    out_of(training(data, model, run, {"--epochs", "2", "--threads", "1", "--estimator", "dreg"}));
    out_of(training(data, model, parts, {"--steps", "4", "--threads", "3", "--estimator", "dreg"}));
    out_of({"train", "--resume", parts, "--steps", "2", "--threads", "3"});
    CHECK(last(run) == last(parts));

    const Json eval = Json::parse(out_of({"eval", run, "--json"}));
    REQUIRE(eval["layers"].size() == 2);
    CHECK(eval["layers"][0]["name"] == "z1");
    const double sum =
        eval["layers"][0]["div"].get<double>() + eval["layers"][1]["div"].get<double>();
    CHECK(sum == Approx(eval["div"].get<double>()).epsilon(1e-4));
    CHECK_THAT(out_of({"eval", run}), contains("\n z1  ") && contains("\n z2  "));

    const Json ledger = Json::parse(out_of({"decompose", run, "--pairs", "20", "--json"}));
    REQUIRE(ledger["layers"].size() == 2);
    CHECK(ledger["terms"]["div(z1)"]["value"] == ledger["layers"][0]["div"]);
    CHECK(ledger["terms"]["div(z1)"]["value"].get<double>() +
              ledger["terms"]["div(z2)"]["value"].get<double>() ==
          Approx(ledger["terms"]["div"]["value"].get<double>()).epsilon(1e-4));
    std::size_t active = 0;
    for (const Json& unit : ledger["units"]) active += unit["active"].get<bool>();
    CHECK(ledger["layers"][0]["active"].get<std::size_t>() +
              ledger["layers"][1]["active"].get<std::size_t>() ==
          active);
    CHECK_THAT(out_of({"decompose", run, "--pairs", "0"}),
               contains("layer z1") && contains("of 100 dimensions active") &&
                   contains("of 50 dimensions active"));
    CHECK_FALSE(ledger["terms"].contains("tc"));

    const Json line = lines_of(run).back();
    CHECK(line["layer_kl"].size() == 2);
    CHECK(std::isfinite(line["layer_kl"]["z2"].get<double>()));
    CHECK_FALSE(line.contains("unit_kl"));
    CHECK_THAT(read_whole(run + "/report.html"), contains("div of each layer, test"));

    out_of({"bounds", run, "--m", "1,4", "--k", "1"});
    out_of({"gradvar", "--run", run, "--bounds", "iw", "--m", "3", "--replicates", "20", "--batch",
            "4", "--estimators", "reparam,stl,dreg"});
    out_of({"ais", run, "--temperatures", "5", "--chains", "2", "--examples", "3"});
    out_of({"sample", run, "--n", "4", "--out", folder / "s.npz"});
    out_of({"encode", run, "--out", folder / "e.npz"});
    out_of({"traverse", run, "--dimensions", "0,120", "--out", folder / "t.npz"});
    // Variables without a divergence of their own are taken in their order.
    const Json traversed =
        Json::parse(out_of({"traverse", run, "--out", folder / "t.npz", "--json"}));
    CHECK(traversed["dimensions"] == Json({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
    CHECK_FALSE(traversed.contains("kl"));
    CHECK(read_whole(folder / "t.npz").size() > 1000);
  }
}

TEST_CASE("train: what a model of two layers does not take is refused by name") {
  const TempFolder folder;
  const std::string data = write_data(folder);
  const auto refused = [&](const Words& more) {
    const Outcome outcome = run_program_binary(training(data, "burda2", folder / "run", more));
    CHECK(outcome.code == 2);
    CHECK_FALSE(std::filesystem::exists(folder / "run"));
    return outcome.err;
  };
  CHECK_THAT(refused({"--latent", "7"}), contains("--latent: ") && contains("100 and 50"));
  CHECK_THAT(refused({"--posterior", "full"}),
             contains("--posterior: 'full' is not for the model burda2"));
  CHECK_THAT(refused({"--prior", "mixture:3"}), contains("--prior: "));
  CHECK_THAT(refused({"--hidden", "9"}), contains("--hidden: "));
  CHECK_THAT(refused({"--objective", "nell + div(mc) + tc"}),
             contains("needs a normal posterior; here it is layered"));
  CHECK_THAT(refused({"--objective", "elbo"}), contains("div(mc)"));
}
