// --profile: where a training's time went.
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "tests/apps/train_command.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using nelbo::tests::command;
using nelbo::tests::contains;
using nelbo::tests::last;
using nelbo::tests::run_program_binary;
using nelbo::tests::write_data;
using nelbo::tests::operator/;
using Json = nlohmann::json;

namespace {

/// Rows of one profile: their times come to the whole, and products have a rate.
void check_profile(const Json& profile, std::uint64_t steps) {
  CHECK(profile.at("steps") == steps);
  double us = 0, share = 0;
  std::set<std::string> names;
  for (const Json& row : profile.at("rows")) {
    us += row.at("us").get<double>();
    share += row.at("share").get<double>();
    names.insert(row.at("name"));
    if (row.at("name") == "linear") CHECK(row.at("gflops").get<double>() > 0);
  }
  CHECK_THAT(us, Catch::Matchers::WithinRel(
                     1e6 * profile.at("seconds").get<double>() / double(steps), 1e-6));
  CHECK_THAT(share, Catch::Matchers::WithinRel(1.0, 1e-6));
  for (const char* name : {"linear", "data", "noise", "optimiser", "rest"}) {
    INFO(name);
    CHECK(names.contains(name));
  }
}

}  // namespace

TEST_CASE("profile: bench train says where each workload's time goes") {
  const auto outcome = run_program_binary(
      {"bench", "train", "tiny", "--threads", "2", "--seconds", "0.01", "--profile", "--json"});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const Json report = Json::parse(outcome.out);
  const Json& workload = report.at("workloads").at(0);
  check_profile(workload.at("profile"), workload.at("profile").at("steps"));
  CHECK(workload.at("profile").at("waiting").size() == 2);
  CHECK(workload.at("speed_up").get<double>() > 0);
  CHECK(workload.at("peak_mib").get<double>() > 1);
  CHECK(report.at("line_latency_ns").get<double>() >= 0);
}

TEST_CASE("profile: of a training, with the bits of one that nobody counts") {
  const tests::TempFolder folder;
  const std::string data = write_data(folder);
  const auto plain = run_program_binary(command(data, folder / "plain", {"--epochs", "3"}));
  const auto counted = run_program_binary(
      command(data, folder / "counted", {"--epochs", "3", "--profile", "--json"}));
  INFO(counted.err);
  REQUIRE(plain.code == 0);
  REQUIRE(counted.code == 0);
  const Json result = Json::parse(counted.out);
  check_profile(result.at("profile"), result.at("steps"));
  std::set<std::string> names;
  for (const Json& row : result.at("profile").at("rows")) names.insert(row.at("name"));
  for (const char* name : {"evaluation", "checkpoint", "pictures"}) CHECK(names.contains(name));
  CHECK(last(folder / "plain") == last(folder / "counted"));

  const auto seeds =
      run_program_binary(command(data, folder / "seeds", {"--seeds", "0..1", "--profile"}));
  CHECK(seeds.code == 2);
  CHECK_THAT(seeds.err, contains("is of one run"));
}
