// nelbo eval --per-example and bounds --per-example: numbers of single examples, whose means are what the
// commands print.
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "lab/files/npz.hpp"
#include "tests/apps/program_words.hpp"
#include "tests/apps/untrained_run.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using nlohmann::json;

namespace {

/// Columns of a file of numbers, by name.
using Columns = std::map<std::string, std::vector<double>>;

Columns read_npz(const std::string& path) {
  const data::Npz file(data::Input::open(path));
  Columns columns;
  for (const std::string& name : file.names()) {
    const data::Array array = file.read(name);
    REQUIRE(array.shape.size() == 1);
    data::of_type(array.type, [&](auto zero) {
      const auto* const values = reinterpret_cast<const decltype(zero)*>(array.bytes.data());
      columns[name].assign(values, values + array.count());
    });
  }
  return columns;
}

Columns read_csv(const std::string& path) {
  std::istringstream text(read_whole(path));
  std::string line, cell;
  std::vector<std::string> names;
  std::getline(text, line);
  std::istringstream head(line);
  while (std::getline(head, cell, ',')) names.push_back(cell);
  Columns columns;
  while (std::getline(text, line)) {
    std::istringstream row(line);
    for (const std::string& name : names) {
      REQUIRE(std::getline(row, cell, ','));
      columns[name].push_back(std::stod(cell));
    }
  }
  return columns;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / double(values.size());
}

void label_test_split(const UntrainedRun& run) {
  std::string labels;
  for (int i = 0; i < 23; ++i) labels += char(i % 10);
  run.folder.write("blobs/t10k-labels-idx1-ubyte", raw({0, 0, 8, 1, 0, 0, 0, 23}) + labels);
}

}  // namespace

TEST_CASE("per example: eval's terms have eval's means, as NPZ and as CSV") {
  for (const char* posterior : {"diagonal", "full", "bernoulli", "categorical:4"}) {
    CAPTURE(posterior);
    const UntrainedRun u(posterior);
    label_test_split(u);
    const json told = u.ask({"eval", "--per-example", u.folder / "e.npz"});
    const json same = u.ask({"eval", "--per-example", u.folder / "e.csv"});
    CHECK(told["elbo"] == same["elbo"]);
    const Columns columns = read_npz(u.folder / "e.npz");
    CHECK(columns == read_csv(u.folder / "e.csv"));
    CHECK(columns.size() == 5);
    for (const char* name : {"nell", "div", "elbo"}) {
      REQUIRE(columns.at(name).size() == 23);
      CHECK(mean(columns.at(name)) == Approx(told[name].get<double>()).epsilon(1e-12));
    }
    for (std::size_t n = 0; n < 23; ++n) {
      CHECK(columns.at("index")[n] == double(n));
      CHECK(columns.at("labels")[n] == double(n % 10));
      CHECK(columns.at("elbo")[n] == -columns.at("nell")[n] - columns.at("div")[n]);
    }
    u.ask({"eval", "--split", "train", "--per-example", u.folder / "t.csv"});
    CHECK(read_whole(u.folder / "t.csv").starts_with("index,nell,div,elbo\n0,"));
  }
}

TEST_CASE("per example: every bound has its mean, and log_px is the tightest") {
  for (const char* posterior : {"diagonal", "categorical:4"}) {
    CAPTURE(posterior);
    const UntrainedRun u(posterior);
    label_test_split(u);
    const Words words{"bounds", "--m", "1,5,30", "--k", "1,4", "--examples", "17"};
    const json told = u.ask(words + Words{"--per-example", u.folder / "b.npz"});
    u.ask(words + Words{"--per-example", u.folder / "b.csv"});
    const Columns columns = read_npz(u.folder / "b.npz");
    CHECK(columns == read_csv(u.folder / "b.csv"));
    for (const json& row : told["bounds"]) {
      const std::string name = fmt::format("mc{}_iw{}", row["k"].get<int>(), row["m"].get<int>());
      REQUIRE(columns.at(name).size() == 17);
      CHECK(mean(columns.at(name)) == Approx(row["value"].get<double>()).epsilon(1e-12));
    }
    CHECK(columns.at("log_px") == columns.at("mc4_iw30"));
    CHECK(columns.at("index").back() == 16);
    CHECK(columns.at("labels").back() == 6);
    u.ask({"eval", "--per-example", u.folder / "e.npz"});
    const Columns terms = read_npz(u.folder / "e.npz");
    for (const char* name : {"nell", "div", "elbo"}) {
      for (std::size_t n = 0; n < 17; ++n) {
        CHECK(columns.at(name)[n] == Approx(terms.at(name)[n]).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE(
    "per example: names that say nothing are refused, and what is not finite is not written") {
  const UntrainedRun u("diagonal");
  for (const char* command : {"eval", "bounds"}) {
    for (const std::string& name : {std::string("-"), u.folder / "a.txt", u.folder / "csv"}) {
      const Outcome outcome = u.run({command, "--per-example", name});
      CHECK(outcome.code == 2);
      CHECK(outcome.out.empty());
      CHECK_THAT(outcome.err, contains("--per-example: ") && contains("name it .npz or .csv"));
    }
    const Outcome nowhere = u.run({command, "--per-example", u.folder / "no/a.csv"});
    CHECK(nowhere.code == 2);
    CHECK_THAT(nowhere.err, contains("--per-example: "));
    CHECK(nowhere.out.empty());
  }
  u.store.tensor("decoder.output.bias").data_as<float>()[0] = std::nanf("");
  u.save();
  for (const char* command : {"eval", "bounds"}) {
    const Outcome outcome = u.run({command, "--per-example", u.folder / "a.csv"});
    CHECK(outcome.code == 4);
    CHECK_FALSE(std::filesystem::exists(u.folder / "a.csv"));
  }
}
