// nelbo disentangle on files of anybody's codes and on runs, and what it refuses.
#include <nlohmann/json.hpp>

#include "apps/verify/metrics.hpp"
#include "lab/evaluation/disentanglement/known_codes.hpp"
#include "lab/files/npz_write.hpp"
#include "tests/apps/codes_file.hpp"
#include "tests/apps/program_run.hpp"
#include "tests/catch.hpp"
#include "tests/lab/data_files.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using nlohmann::json;

namespace {

Outcome disentangle(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "disentangle");
  return run_program_binary(arguments);
}

json ask(std::vector<std::string> arguments) {
  arguments.push_back("--json");
  const Outcome outcome = disentangle(arguments);
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  return json::parse(outcome.out);
}

void refuses(const std::vector<std::string>& arguments, const std::vector<std::string>& words) {
  const Outcome outcome = disentangle(arguments);
  CHECK(outcome.code != 0);
  CHECK(outcome.out == "");
  for (const std::string& word : words) CHECK_THAT(outcome.err, Catch::Matchers::Contains(word));
}

}  // namespace

TEST_CASE("disentangle: the JSON of a perfect code has every name, an error, ceiling and floor") {
  const CodesFile file(disentanglement::perfect_grid({4, 5, 40}, 1));
  const json of = ask({"--codes", file.path});
  CHECK(of["n"] == 800);
  CHECK(of["factors"] == json({"factor 1", "factor 2", "factor 3"}));
  CHECK(of["active"] == json({0, 1, 2}));
  for (const char* name :
       {"mig", "mig_sup", "dci_disentanglement", "dci_completeness", "dci_informativeness", "sap",
        "modularity", "explicitness", "factor_vae", "beta_vae", "irs", "jemmig"}) {
    CAPTURE(name);
    const json& metric = of["metrics"].at(name);
    CHECK_THAT(metric["value"].get<double>(), Catch::Matchers::WithinAbs(1, 0.06));
    CHECK_THAT(metric["ceiling"].get<double>(), Catch::Matchers::WithinAbs(1, 0.06));
    CHECK(metric["floor"].get<double>() < 0.5);
    CHECK(metric["se"].is_number());
    CHECK(metric["variant"].get<std::string>() != "");
  }
  CHECK(of["metrics"].contains("gaussian_tc"));
  CHECK(of["metrics"].contains("active_units"));
  CHECK(of["matrices"]["information"].size() == 4);
  CHECK(of["matrices"]["information"][0].size() == 3);
}

TEST_CASE("disentangle: the dialects, and what they want") {
  const CodesFile with(disentanglement::perfect_grid({4, 5, 40}), true);
  const json chen = ask({"--codes", with.path, "--like", "chen"});
  CHECK(chen["metrics"].size() == 1);
  CHECK_THAT(chen["metrics"]["mig"]["value"].get<double>(), Catch::Matchers::WithinAbs(0.98, 0.03));
  const json lib = ask({"--codes", with.path, "--like", "disentanglement_lib", "--samples", "800"});
  // 20 bins of equal width cannot tell 40 values apart: (1 + 1 + ln 20 / ln 40) / 3.
  CHECK_THAT(lib["metrics"]["mig"]["value"].get<double>(), Catch::Matchers::WithinAbs(0.937, 0.01));
  const CodesFile without(disentanglement::perfect_grid({4, 5, 40}));
  refuses({"--codes", without.path, "--like", "chen"}, {"--like", without.path, "log_variance"});
}

TEST_CASE("disentangle: a CSV with factor columns; few points are told") {
  const TempFolder folder;
  std::string text = "a,b,factor_shape,factor.2,log_variance_a,log_variance_b\n";
  for (int n = 0; n < 60; ++n) {
    text += std::to_string(n % 3) + "," + std::to_string(n / 3 % 4 * 0.5) + "," +
            std::to_string(n % 3) + "," + std::to_string(n / 3 % 4) + ",-4,-4\n";
  }
  const std::string path = folder.write("codes.csv", text);
  const Outcome outcome = disentangle({"--codes", path, "--json"});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK_THAT(outcome.err,
             Catch::Matchers::Contains("few points: shape: 3 of 3 values have fewer than 30"));
  const json of = json::parse(outcome.out);
  CHECK(of["factors"] == json({"shape", "factor.2"}));
  CHECK_THAT(of["metrics"]["mig"]["value"].get<double>(), Catch::Matchers::WithinAbs(1, 0.01));
  CHECK(of["metrics"].contains("mig.sampled"));
}

TEST_CASE("disentangle: refusals name file, array, shape and how to mend it") {
  const TempFolder folder;
  const std::vector<double> numbers(60, 0.0);
  const std::string path = folder.path() + "/x.npz";
  const auto write = [&](const std::map<std::string, data::ArrayView>& arrays) {
    write_npz(path, arrays);
  };
  const auto array = [&](std::vector<std::int64_t> shape) {
    return data::ArrayView{data::StoredType::float64, std::move(shape), numbers.data()};
  };
  write({{"z", array({10, 3})}});
  refuses({"--codes", path}, {path, "no array 'codes' or 'mean'", "z", "numpy.savez"});
  write({{"codes", array({10, 3})}});
  refuses({"--codes", path}, {path, "no array 'factors'", "10 x 3"});
  write({{"codes", array({10, 3})}, {"factors", array({9, 2})}});
  refuses({"--codes", path},
          {"'factors' of shape 9 x 2", "'codes' of shape 10 x 3", "as many rows"});
  write({{"codes", array({10, 3, 2})}, {"factors", array({10, 2})}});
  refuses({"--codes", path}, {"'codes' has shape 10 x 3 x 2", "[N, D]"});
  write({{"mean", array({10, 3})}, {"log_variance", array({10, 2})}, {"factors", array({10, 2})}});
  refuses({"--codes", path}, {"'log_variance' of shape 10 x 2"});
  write({{"codes", array({10, 3})}, {"factors", array({10, 2})}});
  refuses({"--codes", path}, {path, "no factor takes more than one value"});
  std::vector<double> bad(30, 1.0);
  bad[7] = std::nan("");
  write({{"codes", {data::StoredType::float64, {10, 3}, bad.data()}}, {"factors", array({10, 2})}});
  refuses({"--codes", path}, {"'codes' is nan in row 2, column 1"});
  bad[7] = -1e200;  // whose square is infinite
  write({{"codes", {data::StoredType::float64, {10, 3}, bad.data()}}, {"factors", array({10, 2})}});
  refuses({"--codes", path}, {"'codes' is -1e+200 in row 2, column 1", "another unit"});
  refuses({"--codes", folder.write("x.npy", npy("<f8", "(2, 2)", std::string(32, '\0')))},
          {"not NPZ or CSV", "numpy.savez"});
  refuses({"--codes", folder.write("x.csv", "a,b\n1,2\n2,3\n")}, {"no column of factors"});
  refuses({"--codes", folder.write("y.csv", "a,factor\n1,red\n2,blue\n")},
          {"column 'factor' holds the text 'red'", "numbers"});
  refuses({"--codes", folder.path() + "/none.npz"}, {"none.npz"});
  refuses({}, {"RUN", "--codes"});
  refuses({"a", "--codes", path}, {"--codes"});
  refuses({"--codes", path, "--split", "test"}, {"--split"});
}

TEST_CASE("disentangle: a run on sprites' grid, its encoded codes, and runs beside each other") {
  const TempFolder folder;
  std::vector<std::string> runs;
  for (const char* seed : {"0", "1"}) {
    runs.push_back(folder.path() + "/run" + seed);
    const Outcome trained = run_program_binary({"train", "--data", "sprites:32", "--model", "mlp",
                                                "--hidden", "16", "--latent", "3", "--epochs", "1",
                                                "--seed", seed, "--out", runs.back()});
    INFO(trained.err);
    REQUIRE(trained.code == 0);
  }
  const json of = ask({runs[0]});
  CHECK(of["n"] == 46080);
  CHECK(of["factors"] == json({"shape", "scale", "orientation", "x", "y"}));
  CHECK(of["metrics"].contains("mig.exact"));
  const std::string page = read_whole(runs[0] + "/report.html");
  CHECK_THAT(page, contains(">orientation</text>"));  // no column's name is cut
  CHECK_THAT(page, Catch::Matchers::Contains("Codes and factors"));
  CHECK_THAT(page, Catch::Matchers::Contains("squared correlation"));
  CHECK_THAT(page, Catch::Matchers::Contains("dci_disentanglement"));
  const std::string npz = folder.path() + "/z.npz";
  REQUIRE(run_program_binary({"encode", runs[0], "--data", "sprites:grid:32", "--out", npz}).code ==
          0);
  const json encoded = ask({"--codes", npz});
  CHECK(encoded["factors"] == of["factors"]);
  CHECK(encoded["metrics"]["mig"] == of["metrics"]["mig"]);
  CHECK(encoded["metrics"]["mig.exact"] == of["metrics"]["mig.exact"]);
  CHECK(ask({runs[0], "--split", "test"})["n"] == 1000);
  const json udr = ask({runs[0], runs[1], runs[0]});
  REQUIRE(udr["runs"].size() == 3);
  CHECK(udr["runs"][0]["udr"]["value"].get<double>() > 0);
  CHECK(udr["runs"][2]["udr"] == udr["runs"][0]["udr"]);
}

TEST_CASE("verify metrics: estimates of information stand within 4 errors of exact ones") {
  const std::vector<verify::Check> checks = verify::check_information(0);
  CHECK(checks.size() == 9);
  for (const verify::Check& check : checks) {
    CAPTURE(check.name, check.value, check.expected, check.se);
    CHECK_FALSE(check.failed());
  }
}
