// A conditional run, and one of data with missing entries, through every command that a run goes through.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>

#include "lab/files/npz.hpp"
#include "tests/apps/program_run.hpp"
#include "tests/apps/table_run.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using nlohmann::json;

namespace {

/// 60 rows of three features beside a column and a label; with `holes` a quarter of the features is missing.
std::string table(bool holes) {
  std::string text = "a,b,c,age,label\n";
  for (int row = 0; row < 60; ++row) {
    const auto value = [&](int column, double x) {
      const bool hole = holes && (row * 3 + column) % 4 == 0;
      return (hole ? std::string() : std::to_string(x)) + ",";
    };
    text += value(0, row % 7 - 3.5) + value(1, row % 5) + value(2, 0.25 * (row % 3));
    text += std::to_string(20 + row % 11) + "," + std::to_string(row % 3) + "\n";
  }
  return text;
}

struct Run : TableRun {
  Run(bool holes, const std::vector<std::string>& more) : TableRun(table(holes), with(more)) {}
  std::vector<float> array(const std::string& file, const std::string& name) const {
    return floats(folder / (file + ":" + name));
  }

 private:
  static std::vector<std::string> with(const std::vector<std::string>& more) {
    std::vector<std::string> flags{"--scale", "standard", "--steps",   "6",
                                   "--batch", "20",       "--threads", "1"};
    flags.insert(flags.end(), more.begin(), more.end());
    return flags;
  }
};

/// Every command that a trained run goes through, and the same bits by two threads.
void go_through(const Run& run) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"eval"},
           {"bounds", "--m", "1,5", "--k", "1"},
           {"decompose", "--pairs", "0"},
           {"ais", "--examples", "4", "--temperatures", "20", "--chains", "2"}}) {
    std::vector<std::string> one = words, two = words;
    one.insert(one.end(), {"--threads", "1"});
    two.insert(two.end(), {"--threads", "2"});
    json a = run.json_of(one), b = run.json_of(two);
    for (json* of : {&a, &b}) {
      for (const char* timed : {"threads", "seconds", "gflops", "peak_gflops", "share_of_peak"}) {
        of->erase(timed);
      }
    }
    CAPTURE(words[0]);
    CHECK(a == b);
  }
  CHECK(run.ask({"encode", "--out", run.folder / "z.npz"}).code == 0);
  CHECK(run.ask({"reconstruct", "--out", run.folder / "r.npz"}).code == 0);
  const Outcome more =
      run_program_binary({"train", "--resume", run.folder / "run", "--steps", "3"});
  INFO(more.err);
  CHECK(more.code == 0);
}

}  // namespace

TEST_CASE("conditional program: a run on a column goes through every command") {
  const Run run(false, {"--condition", "age", "--prior", "conditional", "--label", "label"});
  CHECK_THAT(run.header, contains("condition   age, 1 numbers"));
  CHECK_THAT(read_whole(run.folder / "run/config.toml"),
             contains("condition = 'age'") && contains("condition_mean"));
  go_through(run);
  CHECK(run.array("z.npz", "x").size() == run.array("z.npz", "mean").size() / 2 * 3);
  const Outcome without = run.ask({"sample", "--out", run.folder / "s.npz"});
  CHECK(without.code == 2);
  CHECK_THAT(without.err, contains("conditioned on age"));
  CHECK(run.ask({"sample", "--condition", "25", "--out", run.folder / "s.npz"}).code == 0);
  CHECK(run.ask({"sample", "--condition", "40", "--out", run.folder / "t.npz"}).code == 0);
  CHECK(run.array("s.npz", "mean") != run.array("t.npz", "mean"));
  CHECK(run.ask({"decode", "--z", run.folder / "s.npz", "--condition", "25", "--out",
                 run.folder / "d.npz"})
            .code == 0);
  CHECK(run.array("s.npz", "mean") == run.array("d.npz", "mean"));
  CHECK(run.ask({"traverse", "--condition", "25", "--out", run.folder / "u.npz"}).code == 0);
  CHECK(
      run_program_binary({"gradvar", "--run", run.folder / "run", "--estimators", "stl,dreg,score",
                          "--bounds", "iw", "--m", "4", "--batch", "4", "--replicates", "50"})
          .code == 0);
  const Outcome pairs = run.ask({"decompose", "--pairs", "10"});
  CHECK(pairs.code == 2);
  CHECK_THAT(pairs.err, contains("--pairs") && contains("of a condition alone"));
  const json ledger = run.json_of({"decompose"});
  CHECK_FALSE(ledger["terms"].contains("mi_dec"));
}

TEST_CASE("conditional program: labels are sampled in turn, and a model knows those it has") {
  const Run run(false, {"--condition", "labels", "--objective", "iw(m=3)", "--estimator", "dreg"});
  go_through(run);
  CHECK(run.ask({"sample", "--n", "6", "--out", run.folder / "s.npz"}).code == 0);
  CHECK(run.ask({"sample", "--n", "1", "--condition", "0", "--out", run.folder / "t.npz"}).code ==
        0);
  const std::vector<float> all = run.array("s.npz", "mean"), one = run.array("t.npz", "mean");
  CHECK(std::vector<float>(all.begin(), all.begin() + 4) == one);
  const Outcome other = run.ask({"sample", "--condition", "3", "--out", run.folder / "s.npz"});
  CHECK(other.code == 2);
  CHECK_THAT(other.err, contains("none of the training examples': 0, 1, 2"));
  CHECK(run.ask({"eval", "--data", run.data}).code == 0);
}

TEST_CASE("conditional program: models that take no condition refuse it") {
  const TempFolder folder;
  const std::string data = folder.write("table.csv", table(false));
  const auto train = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"train", "--data", data, "--likelihood", "normal", "--steps", "1",
                               "--out", folder / "run"});
    return run_program_binary(more);
  };
  const Outcome conv = train({"--condition", "labels", "--model", "conv64"});
  CHECK(conv.code == 2);
  CHECK_THAT(conv.err, contains("is not for the model conv64"));
  const Outcome prior = train({"--prior", "conditional"});
  CHECK(prior.code == 2);
  CHECK_THAT(prior.err, contains("there is none; give one"));
  const Outcome terms = train(
      {"--condition", "labels", "--prior", "conditional", "--objective", "elbo(mc)*-1 + aggdiv"});
  CHECK(terms.code == 2);
  CHECK_THAT(terms.err, contains("another for every datum"));
}

TEST_CASE("missing program: a run on data with holes goes through every command, and imputes") {
  for (const char* missing : {"zeros", "mask"}) {
    const Run run(true, {"--missing", missing, "--objective", "iw(m=3)"});
    CHECK_THAT(run.header, contains(std::string("the encoder sees ") + missing));
    go_through(run);
    const json of = run.json_of(
        {"impute", "--samples", "50", "--out", run.folder / "i.npz", "--hold-out", "0.2"});
    CHECK(of["entries"] > 0);
    CHECK(std::isfinite(of["rmse"].get<double>()));
    CHECK(of["effective"] <= 50.001);
    for (const float x : run.array("i.npz", "x")) CHECK(std::isfinite(x));
    CHECK(run.ask({"impute", "--out", run.folder / "i.csv"}).code == 0);
    CHECK(read_whole(run.folder / "i.csv").find("nan") == std::string::npos);
  }
}

TEST_CASE("missing program: what is observed stays to the bit, and what is held back is some") {
  const Run run(true, {"--missing", "zeros", "--scale", "3"});
  CHECK(run.ask({"impute", "--data", run.data, "--out", run.folder / "i.csv"}).code == 0);
  std::istringstream rows(read_whole(run.folder / "i.csv")), given(table(true));
  std::string row, of;
  std::getline(given, of);  // the names
  while (std::getline(rows, row) && std::getline(given, of)) {
    std::istringstream cells(row), stored(of);
    std::string cell, number;
    for (int column = 0; column < 3; ++column) {
      std::getline(cells, cell, ',');
      std::getline(stored, number, ',');
      if (!number.empty()) CHECK(std::stof(cell) == std::stof(number));
    }
  }
  const Outcome none = run.ask({"impute", "--hold-out", "1e-6"});
  CHECK(none.code == 2);
  CHECK_THAT(none.err, contains("--hold-out") && contains("a larger share"));
  const Outcome named = run.ask({"impute", "--out", run.folder / "i.npy"});
  CHECK(named.code == 2);
  CHECK_THAT(named.err, contains("--out"));
}

TEST_CASE(
    "missing program: holes of binary data are written as holes, and networks of x refuse them") {
  const TempFolder folder;
  std::string text = "a,b,c\n";
  for (int row = 0; row < 40; ++row) {
    text +=
        std::to_string(row % 2) + "," + (row % 3 == 0 ? "" : std::to_string(row / 2 % 2)) + ",1\n";
  }
  const std::string data = folder.write("bits.csv", text);
  const auto train = [&](const std::string& out, const std::string& estimator) {
    return run_program_binary(
        {"train",     "--data",      data,        "--missing",   "zeros",   "--posterior",
         "bernoulli", "--objective", "mc(2)",     "--estimator", estimator, "--hidden",
         "5",         "--latent",    "2",         "--steps",     "3",       "--batch",
         "10",        "--out",       folder / out});
  };
  REQUIRE(train("run", "disarm").code == 0);
  REQUIRE(
      run_program_binary({"encode", folder / "run", "--split", "train", "--out", folder / "z.npz"})
          .code == 0);
  const data::Array x = data::Npz(data::Input::open(folder / "z.npz")).read("x");
  REQUIRE(x.type == data::StoredType::float32);
  std::vector<float> values(std::size_t(x.count()));
  std::memcpy(values.data(), x.bytes.data(), x.bytes.size());
  CHECK(std::any_of(values.begin(), values.end(), [](float one) { return std::isnan(one); }));
  for (const char* estimator : {"relax", "score(learned)"}) {
    CAPTURE(estimator);
    const Outcome refused = train("other", estimator);
    CHECK(refused.code == 2);
    CHECK_THAT(refused.err, contains("--estimator") && contains("a network of x"));
  }
}

TEST_CASE("missing program: NaN without the setting is refused, and so is imputing without it") {
  const TempFolder folder;
  const Outcome refused =
      run_program_binary({"train", "--data", folder.write("t.csv", table(true)), "--likelihood",
                          "normal", "--steps", "1", "--out", folder / "run"});
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, contains("is not a number"));
  const Run whole(false, {});
  const Outcome impute = whole.ask({"impute", "--hold-out", "0.5"});
  CHECK(impute.code == 2);
  CHECK_THAT(impute.err, contains("train with missing zeros or mask"));
}
