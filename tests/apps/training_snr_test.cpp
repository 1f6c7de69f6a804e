// `nelbo train --log-gradient-snr`.
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/apps/train_process.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using nelbo::tests::Outcome;
using Json = nlohmann::json;

namespace {

Outcome train(const std::vector<std::string>& more) {
  std::vector<std::string> args{"train", "--threads", "1", "--quiet"};
  args.insert(args.end(), more.begin(), more.end());
  return tests::run_program_binary(args);
}

std::vector<std::string> new_run(const std::string& out, const std::string& objective) {
  return {"--data",  "sprites:32", "--model",   "mlp", "--hidden", "9", "--latent",    "2",
          "--batch", "20",         "--holdout", "0.1", "--out",    out, "--objective", objective};
}

std::vector<Json> lines_of(const std::string& run) {
  std::vector<Json> lines;
  std::istringstream text(tests::read_whole(run + "/gradient_snr.jsonl"));
  for (std::string line; std::getline(text, line);) lines.push_back(Json::parse(line));
  return lines;
}

std::vector<std::string> with(std::vector<std::string> args, const std::vector<std::string>& more) {
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

}  // namespace

TEST_CASE("training snr: a line every N steps, and no bit of the run changes") {
  const tests::TempFolder folder;
  const std::string run = folder / "logged", plain = folder / "plain";
  const auto settings = [&](const std::string& out) {
    return with(new_run(out, "iw(m=3)"), {"--estimator", "dreg", "--steps", "9"});
  };
  REQUIRE(train(with(settings(run), {"--log-gradient-snr", "4"})).code == 0);
  REQUIRE(train(settings(plain)).code == 0);
  CHECK(tests::read_whole(run + "/checkpoints/last.safetensors") ==
        tests::read_whole(plain + "/checkpoints/last.safetensors"));

  std::vector<Json> lines = lines_of(run);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0]["step"] == 4);
  CHECK(lines[1]["step"] == 8);
  for (const Json& line : lines) {
    CHECK(line["estimator"] == "dreg");
    for (const char* group : {"theta", "phi"}) {
      CHECK(line[group]["snr"].get<double>() > 0);
      CHECK(line[group]["variance"].get<double>() > 0);
    }
  }
  CHECK(lines[0]["phi"] != lines[1]["phi"]);

  // A resumed run adds to what there is.
  REQUIRE(train({"--resume", run, "--steps", "4", "--log-gradient-snr", "3"}).code == 0);
  lines = lines_of(run);
  REQUIRE(lines.size() == 3);
  CHECK(lines[2]["step"] == 12);
}

TEST_CASE("training snr: the exact ELBO is a bound too, a sum of terms is none") {
  const tests::TempFolder folder;
  REQUIRE(train(with(new_run(folder / "elbo", "elbo"), {"--steps", "2", "--log-gradient-snr", "2"}))
              .code == 0);
  CHECK(lines_of(folder / "elbo")[0]["estimator"] == "reparam(exact)");
  const Outcome refused = train(
      with(new_run(folder / "terms", "nell + 4*div"), {"--steps", "2", "--log-gradient-snr", "2"}));
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err,
             tests::contains("--log-gradient-snr: is for an objective that is a bound"));
  CHECK_FALSE(std::filesystem::exists(folder / "terms"));
}
