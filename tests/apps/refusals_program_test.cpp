// What cannot be is refused in one line that names the setting and a way out that there is, with exit code 2, and
// before anything large is made.
#include <algorithm>
#include <chrono>
#include <functional>
#include <sstream>

#include "tests/apps/program_run.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

/// 40 rows of X features; with `label` also an age and that label, which the last row may leave out.
std::string numbers_table(int features, const std::function<double(int row, int column)>& value,
                          const std::string& label = "", bool hole = false) {
  std::ostringstream text;
  for (int i = 0; i < features; ++i) text << (i > 0 ? "," : "") << "x" << i;
  if (!label.empty()) text << ",age,label";
  text << "\n";
  for (int row = 0; row < 40; ++row) {
    for (int i = 0; i < features; ++i) text << (i > 0 ? "," : "") << value(row, i);
    if (!label.empty()) text << "," << 20 + row % 9 << "," << (hole && row == 39 ? "" : label);
    text << "\n";
  }
  return text.str();
}

double bit(int row, int column) { return (row * 7 + column * 3) % 5 < 2; }

struct Bench {
  explicit Bench(const std::string& text = numbers_table(4, bit)) {
    data = folder.write("t.csv", text);
  }
  Outcome train(std::vector<std::string> more, const std::string& out = "run") const {
    more.insert(more.begin(), {"train", "--data", data, "--steps", "3", "--batch", "10",
                               "--threads", "1", "--out", folder / out});
    const auto given = [&](const char* flag) {
      return std::find(more.begin(), more.end(), flag) != more.end();
    };
    if (!given("--hidden") && !given("--model")) more.insert(more.end(), {"--hidden", "3"});
    if (!given("--latent") && !given("--model")) more.insert(more.end(), {"--latent", "2"});
    return run_program_binary(more);
  }
  void refused(const std::vector<std::string>& more, const std::string& why,
               const std::string& never = "\x01") const {
    const auto start = std::chrono::steady_clock::now();
    const Outcome outcome = train(more);
    INFO(outcome.err);
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.err, contains(why) && !contains(never));
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
  }

  TempFolder folder;
  std::string data;
};

}  // namespace

TEST_CASE("refusals: estimators of bounds say that the closed form of the ELBO holds none") {
  const Bench bench;
  for (const char* estimator : {"vimco", "ovis", "wake_sleep"}) {
    bench.refused({"--posterior", "bernoulli", "--objective", "elbo", "--estimator", estimator},
                  "use score, rloo or enumeration, or a bound such as elbo(mc)");
  }
  for (const char* estimator : {"score", "rloo", "enumeration"}) {
    CHECK(bench.train({"--posterior", "bernoulli", "--estimator", estimator}, estimator).code == 0);
  }
}

TEST_CASE("refusals: each names a way out that there is") {
  const Bench bench;
  bench.refused(
      {"--posterior", "iaf:1", "--objective", "elbo(mc)", "--estimator", "reparam(exact)"},
      "use reparam");
  bench.refused({"--prior", "conditional"}, "give one by --condition, or choose another prior");
  bench.refused({"--model", "burda2", "--objective", "-elbo(mc) + tc"},
                "choose a model of one layer", "--posterior");
  bench.refused({"--posterior", "bernoulli", "--prior", "maf:1", "--estimator", "score"},
                "--prior: 'maf:1' is a density of real codes", "prior: prior");
  bench.refused({"--posterior", "affine", "--prior", "vamp:2", "--objective", "elbo(mc)"},
                "--prior: 'vamp:2' is made of diagonal or full posteriors");
  bench.refused({"--model", "ladder2", "--objective", "iw(m=2)", "--estimator", "piwae"},
                "use reparam with it, or for the estimator the prior normal, or burda2",
                "a single bound such as iw(m)");
}

TEST_CASE("refusals: a column that is named twice, and labels with holes") {
  const Bench twice(numbers_table(2, bit, "1"));
  twice.refused({"--condition", "age,age"}, "--condition: 'age,age' names 'age' twice");
  const Bench bench(numbers_table(2, bit, "1", true));
  const Outcome outcome = bench.train({"--condition", "labels"});
  INFO(outcome.err);
  CHECK(outcome.code == 2);
  CHECK_THAT(outcome.err, contains("column 'label' has an empty field"));
}

TEST_CASE("refusals: the shape of pictures, and commands of other models, exit with 2") {
  const Bench bench;
  bench.refused({"--model", "conv28"}, "--model: conv28: examples of shape");
  bench.refused({"--model", "resnet32"}, "--model: resnet32: examples of shape");
  REQUIRE(bench.train({"--posterior", "bernoulli", "--estimator", "score"}).code == 0);
  const Outcome ais = run_program_binary({"ais", bench.folder / "run", "--examples", "2"});
  INFO(ais.err);
  CHECK(ais.code == 2);
  const Outcome impute = run_program_binary({"impute", bench.folder / "run", "--hold-out", "0.5"});
  INFO(impute.err);
  CHECK(impute.code == 2);
  CHECK_THAT(impute.err, contains("train with missing zeros or mask"));
}

TEST_CASE("refusals: decode takes codes, and no probabilities of bits or classes") {
  const Bench bench;
  REQUIRE(bench.train({"--posterior", "bernoulli", "--estimator", "score"}, "bits").code == 0);
  REQUIRE(bench.train({"--posterior", "categorical:3", "--estimator", "score"}, "rows").code == 0);
  const auto decode = [&](const std::string& run, const std::string& codes) {
    return run_program_binary({"decode", bench.folder / run, "--z",
                               bench.folder.write("z.csv", codes), "--out",
                               bench.folder / "d.npz"});
  };
  CHECK(decode("bits", "a,b\n0,1\n1,1\n").code == 0);
  const Outcome half = decode("bits", "a,b\n0,1\n1,0.5\n");
  CHECK(half.code == 1);
  CHECK_THAT(half.err, contains("row 2: 0.5 is no number of a binary code"));
  CHECK(decode("rows", "a,b,c,d,e,f\n0,1,0,1,0,0\n").code == 0);
  const Outcome none = decode("rows", "a,b,c,d,e,f\n0,1,0,0,0,0\n");
  CHECK(none.code == 1);
  CHECK_THAT(none.err, contains("row 1: a one-hot row holds 0 ones, not 1"));
  CHECK_THAT(decode("rows", "a,b,c,d,e,f\n0,1,0,1,1,0\n").err, contains("holds 2 ones"));
}

TEST_CASE("refusals: posteriors and priors that would take for ever are refused at once") {
  const Bench square(numbers_table(4, bit));
  square.refused({"--posterior", "full", "--latent", "5000"},
                 "--latent: is 5000, and the posterior full");
  square.refused({"--prior", "maf:64", "--latent", "4096", "--objective", "elbo(mc)"},
                 "'maf:64' of 4096 latent variables");
  square.refused({"--posterior", "iaf:64", "--latent", "4096", "--objective", "elbo(mc)"},
                 "weights by the hundred million");
}

TEST_CASE("refusals: the closed form of Div goes with the variance of a batch") {
  const Bench bench;
  const Outcome outcome = bench.train({"--likelihood", "normal:optimal", "--objective", "elbo(mc)",
                                       "--estimator", "reparam(exact)"},
                                      "other");
  INFO(outcome.err);
  CHECK(outcome.code == 0);
  bench.refused({"--likelihood", "normal:optimal", "--objective", "iw(m=2)"}, "normal:optimal");
}

TEST_CASE("refusals: numbers whose squares are too large for normals") {
  const auto huge = [](double scale) {
    return numbers_table(2, [scale](int row, int column) { return scale * (row % 7 - column); });
  };
  const Bench beyond(huge(1e30)), within(huge(1e16));
  for (const char* likelihood : {"normal", "normal:learned", "normal:datum", "normal:optimal"}) {
    beyond.refused({"--likelihood", likelihood}, "have squares beyond float32; scale the data");
    CHECK(within.train({"--likelihood", likelihood}, likelihood).code == 0);
  }
  CHECK(beyond.train({"--likelihood", "normal", "--scale", "standard"}, "scaled").code == 0);
}

TEST_CASE("refusals: networks of one file name are told apart by nelbo runs") {
  const Bench bench;
  const auto network = [&](int width) {
    return bench.folder.write(
        "net.toml", "[[encoder]]\ntype = \"dense\"\nwidth = " + std::to_string(width) + "\n");
  };
  for (const int width : {3, 5}) {
    const Outcome made = bench.train({"--model", network(width)}, "runs/" + std::to_string(width));
    INFO(made.err);
    REQUIRE(made.code == 0);
  }
  const Outcome table = run_program_binary({"runs", bench.folder / "runs", "--csv"});
  REQUIRE(table.code == 0);
  CHECK_THAT(table.out, contains("network"));
  const Outcome listed = run_program_binary({"runs", bench.folder / "runs"});
  CHECK_THAT(listed.out, contains("network"));
}
