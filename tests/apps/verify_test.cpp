// `nelbo verify` from outside.
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "models/worlds/linear_gaussian.hpp"
#include "tests/apps/program_run.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using nlohmann::json;

namespace {

json list(const Tensor& v) { return v.values(); }

json rows(const Tensor& a) {
  json result = json::array();
  for (std::int64_t r = 0; r < a.shape()[0]; ++r) {
    result.push_back(a.slice(0, r, r + 1).contiguous().values());
  }
  return result;
}

json parameters_of(const LinearGaussian& world) {
  const LinearGaussianParameters& p = world.parameters();
  return {{"data_mean", list(p.data_mean)},   {"data_cov", rows(p.data_cov)},
          {"enc_weight", rows(p.enc_weight)}, {"enc_bias", list(p.enc_bias)},
          {"enc_var", list(p.enc_var)},       {"prior_mean", list(p.prior_mean)},
          {"prior_cov", rows(p.prior_cov)},   {"dec_weight", rows(p.dec_weight)},
          {"dec_bias", list(p.dec_bias)},     {"dec_var", list(p.dec_var)}};
}

Outcome verify_file(const std::string& text, std::vector<std::string> more = {}) {
  const TempFolder folder;
  const std::string path = folder.write("world.json", text);
  std::vector<std::string> arguments{"verify", "all", "--params", path, "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_program_binary(arguments);
}

}  // namespace

TEST_CASE("verify all --json holds the golden instance") {
  const Outcome outcome = run_program_binary({"verify", "all", "--json"});
  REQUIRE(outcome.code == 0);
  CHECK(outcome.err.empty());
  const json result = json::parse(outcome.out);
  const std::map<std::string, double> known{
      {"div", 1.4595271340},    {"mi", 1.0967718686},      {"aggdiv", 0.3627552654},
      {"tc", 0.0358566252},     {"dwkl", 0.2820177519},    {"pf", -0.0448808883},
      {"hagg", 2.5279435767},   {"h_data", 2.3920780068},  {"nell", 2.1593176914},
      {"elbo", -3.6188448254},  {"log_px", -3.0356754456}, {"gap", 0.5831693798},
      {"mi_dec", 0.8050313586}, {"mi_lower", 0.2327603154}};
  for (const auto& [name, value] : known) {
    CAPTURE(name);
    CHECK(std::fabs(result["exact"][name].get<double>() - value) < 1e-9);
    if (name == "mi_dec" || name == "h_data") {
      CHECK_FALSE(result["estimate"].contains(name));
      continue;
    }
    const json& estimate = result["estimate"][name];
    const double z = estimate["z"].get<double>(), se = estimate["se"].get<double>();
    CHECK(std::fabs(z) <= 4);
    CHECK(se > 0);
    CHECK(se < 0.002);  // 10^6 draws
    CHECK((estimate["value"].get<double>() - value) / se == Approx(z).margin(1e-3));
  }
  // Its importance weights have no variance: only the ELBO among the bounds has a z-score.
  CHECK(result["bounds"]["iw(m=1)"]["z"].is_number());
  for (const char* name : {"iw(m=8)", "iw(m=64)", "iw(m=512)"}) {
    CHECK(result["bounds"][name]["z"].is_null());
    CHECK(result["bounds"][name]["remark"] == "the weights' variance is infinite");
  }
  for (const char* scheme : {"naive", "loo", "strat", "mss", "mws", "average"}) {
    CAPTURE(scheme);
    const json& check = result["schemes"]["hagg(" + std::string(scheme) + ")"];
    REQUIRE(check["z"].is_number());
    CHECK(std::fabs(check["z"].get<double>()) <= 4);
  }
}

TEST_CASE("verify holds random worlds of dimension 1 to 8 from a file") {
  for (std::int64_t D = 1; D <= 8; ++D) {
    const LinearGaussian world = random_linear_gaussian(9 - D, D, std::uint64_t(D));
    const Outcome outcome = verify_file(parameters_of(world).dump(), {"--samples", "100000"});
    CAPTURE(D, outcome.err, outcome.out);
    REQUIRE(outcome.code == 0);
    const json result = json::parse(outcome.out);
    for (const auto& [name, value] : named_terms(world.exact())) {
      CHECK(result["exact"][name].get<double>() == Approx(value).epsilon(1e-12).margin(1e-12));
    }
    CHECK(result["estimate"].size() == 13);
  }
}

TEST_CASE("The other worlds pass") {
  const Outcome water =
      run_program_binary({"verify", "--world", "water-filling", "--samples", "100000", "--json"});
  REQUIRE(water.code == 0);
  const json curve = json::parse(water.out)["curve"];
  REQUIRE(curve.size() == 3);
  CHECK(curve[0]["rate"].get<double>() == Approx(2.7725887222).epsilon(1e-10));
  CHECK(curve[1]["nell"].get<double>() == Approx(4.0068155996).epsilon(1e-10));
  CHECK(curve[2]["active_units"] == 1);
  for (const char* seed : {"0", "1", "2"}) {
    CHECK(run_program_binary({"verify", "--world", "discrete", "--seed", seed}).code == 0);
  }
}

TEST_CASE("One term, one scheme or one bound alone") {
  const auto run = [](const std::string& what) {
    const Outcome outcome = run_program_binary({"verify", what, "--samples", "20000", "--json"});
    REQUIRE(outcome.code == 0);
    return json::parse(outcome.out);
  };
  const json tc = run("tc");
  CHECK(tc["exact"].size() == 1);
  CHECK(tc["estimate"].size() == 1);
  CHECK(tc["estimate"]["tc"]["z"].is_number());
  CHECK_FALSE(tc.contains("schemes"));
  CHECK(run("h_data")["estimate"].empty());
  CHECK(run("hagg")["schemes"].size() == 6);
  CHECK(run("hagg(loo)")["schemes"].size() == 1);
  CHECK(run("iw")["bounds"].size() == 3);  // 20000 draws are too few for m = 512
}

TEST_CASE("verify gives the same bits on any number of threads") {
  const auto out = [](const char* threads) {
    return run_program_binary({"verify", "--samples", "30000", "--json", "--threads", threads}).out;
  };
  CHECK(out("1") == out("3"));
}

TEST_CASE("Wrong use of verify exits 2 with the nearest name") {
  const auto refused = [](const std::vector<std::string>& arguments, const std::string& reason) {
    const Outcome outcome = run_program_binary(arguments);
    CAPTURE(arguments);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, contains(reason));
  };
  refused({"verify", "nel"}, "did you mean 'nell'?");
  refused({"verify", "something"}, "there are: all, metrics, nell, div");
  refused({"verify", "--world", "discreet"}, "did you mean 'discrete'?");
  refused({"verify", "--world", "discrete", "--params", "x.json"}, "--params");
  refused({"verify", "--samples", "10"}, "--samples");
  refused({"verify", "--samples", "nan"}, "--samples");
  CHECK_THAT(run_program_binary({"verify", "--help"}).out, contains("Examples:\n  nelbo verify"));
}

TEST_CASE("Bad world files exit 1 and name what is wrong") {
  const json golden = parameters_of(golden_linear_gaussian());
  const auto refused = [](const std::string& text, const std::string& reason) {
    const Outcome outcome = verify_file(text);
    CAPTURE(text, outcome.err);
    CHECK(outcome.code == 1);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, contains("world.json: "));
    CHECK_THAT(outcome.err, contains(reason));
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  };
  const auto changed = [&](const char* key, const json& value) {
    json other = golden;
    other[key] = value;
    return other.dump();
  };
  refused("", "not JSON");
  refused("{\"data_mean\": [1,", "not JSON");
  refused("[1, 2]", "array where an object was wanted");
  refused("{\"data_mean\": [NaN, 1]}", "not JSON");
  refused("{\"data_mean\": [1e999, 1]}", "not JSON");
  refused("{}", "lacks the key data_mean");
  refused(changed("data_kov", 1), "unknown key 'data_kov'; did you mean 'data_cov'?");
  refused(changed("enc_bias", {nullptr, 1}), "enc_bias holds null where a number was wanted");
  refused(changed("enc_bias", "0.1"), "enc_bias holds string where a list of numbers");
  refused(changed("enc_bias", {0.1, true}), "enc_bias holds boolean");
  refused(changed("enc_bias", {0.1}), "enc_bias has shape [1], wanted [2]");
  refused(changed("dec_weight", {{1, 2}, {3}}), "dec_weight has rows of 2 and 1 numbers");
  refused(changed("dec_weight", {1, 2}), "dec_weight holds number where a list");
  refused(changed("dec_weight", json::array()), "dec_weight is not a list of rows");
  refused(changed("dec_weight", {{1, 2}}), "dec_weight has shape [1, 2], wanted [2, 2]");
  refused(changed("data_mean", json::array()), "data_mean has shape [0]");
  refused(changed("data_cov", {{1, 2}, {2, 1}}), "data_cov is not positive definite");
  refused(changed("data_cov", {{0, 0}, {0, 0}}), "data_cov is not positive definite");
  refused(changed("prior_cov", {{1, 0.5}, {0.2, 1}}), "prior_cov is not symmetric");
  refused(changed("enc_var", {0.3, 0}), "enc_var holds 0");
  refused(changed("dec_var", {-1, 1}), "dec_var holds -1");
  refused(std::string(100000, '['), "not JSON");

  for (const std::string path : {"no/such.json", "/dev/zero", "."}) {
    const Outcome outcome = run_program_binary({"verify", "--params", path});
    CAPTURE(path);
    CHECK(outcome.code == 1);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, contains(path));
  }
}

TEST_CASE("A world whose numbers overflow is an error, not a table of NaN") {
  json world = parameters_of(golden_linear_gaussian());
  world["enc_bias"] = {1e200, 0};
  const Outcome outcome = verify_file(world.dump());
  CHECK(outcome.code == 1);
  CHECK(outcome.out.empty());
  CHECK_THAT(outcome.err, contains("not finite"));
}

TEST_CASE("verify ais: annealing gives log P(x) of linear-Gaussian worlds, from both sides") {
  const auto ais = [](std::vector<std::string> more) {
    more.insert(more.begin(), {"verify", "ais", "--json"});
    return run_program_binary(more);
  };
  const TempFolder folder;
  const LinearGaussian other = random_linear_gaussian(5, 3, 4);
  const std::string path = folder.write("world.json", parameters_of(other).dump());
  const std::vector<std::pair<std::vector<std::string>, double>> worlds{
      {{}, -3.0356754456}, {{"--params", path}, other.exact().log_px}};
  for (const auto& [flags, log_px] : worlds) {
    const Outcome outcome = ais(flags);
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    const json result = json::parse(outcome.out);
    CHECK(result["exact"]["log_px"].get<double>() == Approx(log_px).epsilon(1e-9));
    for (const auto& [name, most] : std::map<std::string, double>{{"log_px", 0.02},
                                                                  {"log_px_prior", 0.05},
                                                                  {"bdmc_lower", 0.02},
                                                                  {"bdmc_upper", 0.02}}) {
      CAPTURE(name);
      const json& of = result["estimate"][name];
      CHECK(std::fabs(of["value"].get<double>() - result["exact"][name].get<double>()) < most);
      CHECK(std::fabs(of["z"].get<double>()) <= 4);
      CHECK(of["se"] < 0.02);
    }
    // P(x)'s own entropy: E log P(X) over the model's data.
    CHECK(result["exact"]["bdmc_lower"] == result["exact"]["bdmc_upper"]);
  }
  const Outcome discrete = ais({"--world", "discrete"});
  CHECK(discrete.code == 2);
  CHECK_THAT(discrete.err, contains("discrete codes have no gradient"));
}
