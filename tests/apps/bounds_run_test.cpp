// nelbo bounds: its streamed lattice against the bounds of objectives/bounds on stored log-weights,
// and the command on a run that the program itself trained.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "autodiff/ops.hpp"
#include "autodiff/random.hpp"
#include "autodiff/threads.hpp"
#include "lab/evaluation/bound_lattice.hpp"
#include "lab/evaluation/log_weight_tape.hpp"
#include "lab/statistics/importance_diagnostics.hpp"
#include "lab/training/loaded_run.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/draw/draw.hpp"
#include "tests/apps/program_run.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using nlohmann::json;

namespace {

constexpr std::size_t images = 37;

/// 100 training and 37 test images of 4 x 4, and a small model trained on them.
struct Trained {
  Trained() {
    std::filesystem::create_directory(folder / "blobs");
    folder.write("blobs/train-images-idx3-ubyte", idx_of(blobs(100, 4, 1)));
    folder.write("blobs/t10k-images-idx3-ubyte", idx_of(blobs(images, 4, 2)));
    const Outcome outcome =
        run_program_binary({"train",    "--data",     folder / "blobs", "--model",  "mlp",
                            "--hidden", "7",          "--latent",       "3",        "--batch",
                            "16",       "--binarize", "fixed",          "--epochs", "3",
                            "--seed",   "5",          "--lr",           "1e-2",     "--threads",
                            "1",        "--out",      folder / "run"});
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
  }
  Outcome ask(std::vector<std::string> more) const {
    more.insert(more.begin(), {"bounds", folder / "run"});
    return run_program_binary(more);
  }
  json ask_json(std::vector<std::string> more) const {
    more.push_back("--json");
    const Outcome outcome = ask(more);
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    return json::parse(outcome.out);
  }
  TempFolder folder;
};

const Trained& trained() {
  static const Trained once;
  return once;
}

/// All log-weights of the test images in one piece, f[n][s], with the noise that `eval` begins
/// with.
std::vector<std::vector<double>> stored_log_weights(const LoadedRun& run, std::int64_t draws) {
  const Examples examples = run.test();
  std::vector<std::uint32_t> rows(images);
  std::iota(rows.begin(), rows.end(), 0u);
  Tensor x({std::int64_t(images), 16}), noise({draws, std::int64_t(images), 3});
  examples.fill(x.data_as<float>(), rows, 0);
  fill_normal(noise.data_as<float>(), {.stream = {5, StreamId::evaluation},
                                       .draws = std::size_t(draws),
                                       .batch = images,
                                       .dimensions = 3});
  Tape tape;
  Recording recording(tape);
  Draw draw(*run.model, tape.leaf(x), tape.leaf(noise));
  const Tensor f = (draw.log_likelihood() + draw.log_prior() - draw.log_posterior()).value();
  std::vector<std::vector<double>> all(images);
  for (std::size_t n = 0; n < images; ++n) {
    for (std::int64_t s = 0; s < draws; ++s) all[n].push_back(f.at({s, std::int64_t(n)}));
  }
  return all;
}

const auto always = [](double) { return true; };

std::vector<double> numbers_of(const Lattice& lattice) {
  std::vector<double> all;
  for (const LatticeRow& row : lattice.rows) {
    all.insert(all.end(), {row.value.mean, row.value.standard_error, row.ess});
    if (row.cell.m >= 25) all.insert(all.end(), {row.khat, row.heavy_share});
    if (row.rise) all.insert(all.end(), {row.rise->mean, row.rise->standard_error});
  }
  return all;
}

}  // namespace

TEST_CASE("bounds: the streamed lattice is that of the bounds on stored log-weights") {
  const LoadedRun run = open_run(trained().folder / "run");
  const std::vector<LatticeCell> cells{{1, 1}, {1, 5}, {1, 30}, {1, 150}, {7, 1}, {7, 30}};
  const auto f = stored_log_weights(run, 210);
  const std::optional<Lattice> lattice =
      estimate_lattice(*run.model, run.test(), images, cells, 5, always);
  REQUIRE(lattice);
  CHECK(lattice->draws == 210);
  REQUIRE(lattice->rows.size() == cells.size());
  std::vector<double> before(images, 0);
  for (std::size_t c = 0; c < cells.size(); ++c) {
    const auto [k, m] = cells[c];
    CAPTURE(k, m);
    const Bound bound = bounds::miwae(k, m);
    RunningMean value, rise;
    double ess = 0, khat = 0, heavy = 0;
    for (std::size_t n = 0; n < images; ++n) {
      const double here = bound(std::span(f[n]).first(std::size_t(k * m)));
      value.add(here);
      rise.add(here - before[n]);
      before[n] = here;
      for (std::int64_t g = 0; g < k; ++g) {
        ImportanceWeights weights{std::size_t(m)};
        for (std::int64_t s = 0; s < m; ++s) weights.add(f[n][std::size_t(g * m + s)]);
        const double groups = double(k) * images;
        ess += weights.effective_sample_size() / groups;
        khat += weights.pareto_k() / groups;
        heavy += (weights.pareto_k() > 0.5) / groups;
      }
    }
    const LatticeRow& row = lattice->rows[c];
    CHECK(row.value.mean == Approx(value.result().mean).epsilon(1e-6));
    CHECK(row.value.standard_error == Approx(value.result().standard_error).epsilon(1e-5));
    CHECK(row.ess == Approx(ess).epsilon(1e-5));
    CHECK(row.rise.has_value() == (m > 1));
    if (m > 1) {
      CHECK(row.rise->mean == Approx(rise.result().mean).epsilon(1e-4));
      CHECK(row.rise->standard_error == Approx(rise.result().standard_error).epsilon(1e-4));
    }
    CHECK(std::isnan(row.khat) == (m < 25));
    if (m >= 25) {
      CHECK(row.khat == Approx(khat).epsilon(1e-4));
      CHECK(row.heavy_share == Approx(heavy).margin(0.02));
    }
  }
}

TEST_CASE("bounds: threads change no bit, other cells and fewer examples only the rounding") {
  const LoadedRun run = open_run(trained().folder / "run");
  const std::vector<LatticeCell> cells{{1, 1}, {1, 40}, {1, 300}, {3, 40}};
  const auto numbers = [&](std::size_t threads) {
    set_num_threads(threads);
    return numbers_of(*estimate_lattice(*run.model, run.test(), images, cells, 5, always));
  };
  const std::vector<double> one = numbers(1);
  CHECK(numbers(5) == one);
  set_num_threads(2);
  const Lattice all = *estimate_lattice(*run.model, run.test(), images, cells, 5, always);
  const Lattice alone = *estimate_lattice(*run.model, run.test(), images, {{1, 40}}, 5, always);
  CHECK(alone.rows[0].value.mean == Approx(all.rows[1].value.mean).epsilon(1e-6));
  CHECK(alone.rows[0].khat == Approx(all.rows[1].khat).epsilon(1e-4));
  // Other noise, another estimate; the same model: within 6 standard errors of the difference.
  const Lattice other = *estimate_lattice(*run.model, run.test(), images, cells, 6, always);
  CHECK(other.rows[2].value.mean != all.rows[2].value.mean);
  CHECK(std::abs(other.rows[2].value.mean - all.rows[2].value.mean) <
        6 * all.rows[2].value.standard_error);
}

TEST_CASE("bounds: chunks are sized by the draws, and what is done can be stopped") {
  const LoadedRun run = open_run(trained().folder / "run");
  const auto sizes = [&](std::int64_t draws, std::size_t count) {
    const LogWeightTape tape(*run.model, draws, count);
    return std::pair{tape.chunk(), tape.batch()};
  };
  CHECK(sizes(1, 37) == std::pair<std::int64_t, std::size_t>{1, 37});
  CHECK(sizes(1, 5000) == std::pair<std::int64_t, std::size_t>{1, 1024});
  CHECK(sizes(64, 5000) == std::pair<std::int64_t, std::size_t>{64, 16});
  CHECK(sizes(5000, 5000) == std::pair<std::int64_t, std::size_t>{50, 20});
  CHECK(sizes(1'000'000, 1) == std::pair<std::int64_t, std::size_t>{64, 1});

  double done = 0;
  const auto stop_in_the_middle = [&](double share) {
    CHECK(share > done);
    done = share;
    return share < 0.5;
  };
  CHECK_FALSE(estimate_lattice(*run.model, run.test(), images, {{1, 400}}, 5, stop_in_the_middle));
  CHECK(done >= 0.5);
  CHECK(done < 1);
}

TEST_CASE("bounds: the command's lattice, as JSON and as a table") {
  const json of = trained().ask_json({"--m", "50,1,5,5", "--k", "4,1"});
  CHECK(of["count"] == images);
  CHECK(of["draws"] == 200);
  CHECK(of["seed"] == 5);
  CHECK(of["split"] == "test");
  REQUIRE(of["bounds"].size() == 6);
  std::size_t at = 0;
  for (const int k : {1, 4}) {
    for (const int m : {1, 5, 50}) {
      const json& row = of["bounds"][at++];
      CHECK(row["k"] == k);
      CHECK(row["m"] == m);
      CHECK(row["se"] > 0);
      CHECK(row["ess"] >= (m == 1 ? 0.999 : 1));
      CHECK(row["ess"] <= m + 1e-6);
      CHECK(row["khat"].is_null() == (m == 1 || m == 5));
      for (const char* name :
           {"khat_limit", "khat_above_limit", "wanted_m", "smoothed", "smoothed_se"}) {
        CHECK(row[name].is_null() == (m == 1 || m == 5));
      }
      if (m == 50) {
        CHECK(row["khat_limit"].get<double>() == Approx(1 - 1 / std::log10(50.0)));
        CHECK(row["smoothed"].get<double>() == Approx(row["value"].get<double>()).margin(0.2));
      }
      CHECK(row["rise"].is_null() == (m == 1));
      // Theory says that E rise >= 0; z = -4 would happen once in 30,000 times.
      if (m > 1) CHECK(row["rise"].get<double>() > -4 * row["rise_se"].get<double>());
    }
  }
  CHECK(of["gflops"] > 0);
  CHECK(of["share_of_peak"] > 0);
  const json few = trained().ask_json({"--m", "1", "--examples", "5"});
  CHECK(few["count"] == 5);
  CHECK(trained().ask_json({"--m", "1", "--examples", "99999"})["count"] == images);

  json defaults = trained().ask_json({"--examples", "2"});
  CHECK(defaults["draws"] == 5000);
  CHECK(defaults["bounds"].size() == 7 + 6);  // k = 10 up to m = 500

  const Outcome table = trained().ask({"--m", "1,50"});
  CHECK(table.code == 0);
  CHECK_THAT(table.out, contains("MC_k-IW_m"));
  CHECK_THAT(table.out, contains("37 of 37 examples"));
}

TEST_CASE("bounds: flags that make no sense are refused") {
  const auto refused = [](const std::vector<std::string>& flags, const std::string& why) {
    const Outcome outcome = trained().ask(flags);
    CAPTURE(flags);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, contains(why));
  };
  refused({"--m", "0"}, "--m: '0' in '0' is not a whole number from 1 to 1000000");
  refused({"--m", "1,,2"}, "--m: '' in '1,,2'");
  refused({"--m", "5x"}, "--m: '5x'");
  refused({"--m", "1,-2"}, "--m: '-2'");
  refused({"--m", "1e3"}, "--m: '1e3'");
  refused({"--k", "99999999999999999999"}, "--k: '99999999999999999999'");
  refused({"--k", "1000", "--m", "5000"}, "--k: 1000 with --m 5000: 5000000 draws per example");
  refused({"--examples", "0"}, "--examples");
  std::string many = "1";
  for (int i = 2; i < 100; ++i) many.append(",").append(std::to_string(i));
  refused({"--m", many}, "more than 64");
}

TEST_CASE("bounds: Ctrl-C ends it with exit code 130") {
  const TempFolder folder;
  const std::string run = trained().folder / "run";
  const pid_t child = fork();
  if (child == 0) {
    dup2(open((folder / "out").c_str(), O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
    dup2(open((folder / "err").c_str(), O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
    execl(NELBO_PROGRAM, "nelbo", "bounds", run.c_str(), "--m", "1000000", nullptr);
    _exit(127);
  }
  usleep(1'500'000);
  kill(child, SIGINT);
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 130);
  CHECK(read_whole(folder / "out").empty());
}
