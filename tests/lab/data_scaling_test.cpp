// How stored values become what a model sees, and what a run keeps of it.
#include <cmath>
#include <filesystem>

#include "lab/data/choose_scaling.hpp"
#include "lab/evaluation/bound_lattice.hpp"
#include "lab/evaluation/inference.hpp"
#include "lab/evaluation/ledger.hpp"
#include "lab/evaluation/standard_errors.hpp"
#include "lab/training/loaded_run.hpp"
#include "lab/training/run_data.hpp"
#include "lab/training/run_folder.hpp"
#include "lab/training/trainer.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

/// 40 rows of four integers from 0 to 255, no row like another.
std::vector<std::uint8_t> table_values() {
  std::vector<std::uint8_t> values;
  for (int i = 0; i < 40; ++i)
    for (int d = 0; d < 4; ++d) values.push_back(std::uint8_t((i * (7 + 11 * d) + 50 * d) % 256));
  return values;
}

std::string as_csv(const std::vector<std::uint8_t>& values) {
  std::string text = "a,b,c,d\n";
  for (std::size_t i = 0; i < values.size(); ++i)
    text += std::to_string(values[i]) + (i % 4 == 3 ? "\n" : ",");
  return text;
}

std::string as_bytes(const std::vector<std::uint8_t>& values) {
  return npy("|u1", "(" + std::to_string(values.size() / 4) + ", 4)",
             {values.begin(), values.end()});
}

std::string as_floats(const std::vector<std::uint8_t>& values) {
  return npy("<f4", "(" + std::to_string(values.size() / 4) + ", 4)",
             bytes_of(std::vector<float>(values.begin(), values.end())));
}

/// A run of a few steps, saved as the program saves it.
std::string trained(const TempFolder& folder, TrainConfig config) {
  config.hidden = {5};
  config.latent = 2;
  config.batch = 10;
  config.epochs = 2;
  config.likelihood = config.likelihood == "bernoulli" ? "normal:learned" : config.likelihood;
  forget_data(config);
  const auto data = load_run_data(config);
  Trainer trainer(resolve(config), *data);
  trainer.fit(2, [](const Epoch&) { return true; });
  std::filesystem::remove_all(folder / ("run-" + config.scale));
  const RunFolder run = RunFolder::at(folder / ("run-" + config.scale));
  { const RunLock lock = run.make(); }
  folder.write("run-" + config.scale + "/config.toml", to_toml(trainer.config()));
  trainer.save(run.last());
  return run.path().string();
}

double nell(const LoadedRun& run) {
  return estimate_terms(*run.model, run.examples(run.data->splits.front()), 3).nell.mean;
}

}  // namespace

TEST_CASE("scaling: only the bytes of array files are pixels, by the training split") {
  const TempFolder folder;
  const auto values = table_values();
  const auto scale = [&](const std::string& name, const std::string& content) {
    return data::read_dataset(folder.write(name, content)).scale;
  };
  CHECK(scale("a.npy", as_bytes(values)) == data::Scaling(255));
  CHECK(scale("a.npz", zip({{"x.npy", as_bytes(values)}})) == data::Scaling(255));
  CHECK(scale("a-idx2-ubyte", idx({40, 2, 2}, {values.begin(), values.end()})) ==
        data::Scaling(255));
  CHECK(scale("b.npy", as_floats(values)) == data::Scaling(1));
  CHECK(scale("a.csv", as_csv(values)) == data::Scaling(1));
  CHECK(scale("a.amat", "20 25\n15 200\n") == data::Scaling(1));
  CHECK(scale("c.npy", npy("|u1", "(2, 2)", raw({0, 1, 1, 0}))) == data::Scaling(1));

  const TempFolder both;
  both.write("train.npy", npy("|u1", "(1, 2)", raw({0, 1})));
  both.write("test.npy", npy("|u1", "(1, 2)", raw({0, 7})));
  CHECK(data::load_dataset(both.path()).scale == data::Scaling(1));
  CHECK(data::guessed_scaling(data::load_dataset(both.path())) == data::Scaling(255));
}

TEST_CASE("scaling: a setting overrules, and what is none is refused") {
  const TempFolder folder;
  const std::string path = folder.write("a.npy", as_bytes(table_values()));
  const auto scale = [&](const std::string& word) {
    return data::load_dataset(path, {.scale = word}).scale;
  };
  CHECK(scale("none") == data::Scaling(1));
  CHECK(scale("255") == data::Scaling(255));
  CHECK(scale("0.5") == data::Scaling(0.5));
  CHECK(scale("standard").standard());
  for (const char* wrong : {"0", "-1", "nan", "inf", "1e999", "two", "255x", " 3"})
    CHECK_THROWS_WITH(scale(wrong), contains("scale: '" + std::string(wrong) + "' is none of"));
  CHECK_THROWS_WITH(resolve(TrainConfig{.scale = "big"}), contains("scale: 'big'"));
}

TEST_CASE("scaling: standard has the mean and deviation of the training rows, in double") {
  const TempFolder folder;
  std::vector<double> values;
  for (int i = 0; i < 12; ++i) values.insert(values.end(), {1e9 + i % 3, 0.1, -2.0 * i});
  const std::string path = folder.write("a.npy", npy("<f8", "(12, 3)", bytes_of(values)));
  const data::Dataset data = data::load_dataset(path, {.holdout = 0.25, .scale = "standard"});
  const data::Split& train = data.split("train");
  REQUIRE(train.images.count() == 9);
  for (std::size_t d = 0; d < 3; ++d) {
    double mean = 0, variance = 0;
    const auto value = [&](std::int64_t i) {
      return values[std::size_t(train.images.source_row(i)) * 3 + d];
    };
    for (int i = 0; i < 9; ++i) mean += value(i) / 9;
    for (int i = 0; i < 9; ++i) variance += (value(i) - mean) * (value(i) - mean) / 9;
    CHECK(data.scale.mean[d] == Approx(mean).epsilon(1e-15));
    CHECK(data.scale.deviation[d] == Approx(d == 1 ? 1 : std::sqrt(variance)).epsilon(1e-7));
  }
  float x[3];
  train.images.write(4, data.scale, x);
  const double stored = values[std::size_t(train.images.source_row(4)) * 3];
  CHECK(x[0] == Approx((stored - data.scale.mean[0]) / data.scale.deviation[0]).epsilon(1e-6));
  CHECK(x[1] == 0);
  data.scale.restore(x);
  CHECK(x[0] == Approx(stored));
  CHECK(data.scale.log_volume() ==
        Approx(std::log(data.scale.deviation[0]) + std::log(data.scale.deviation[2])));
}

TEST_CASE("scaling: a run applies its own to whatever it is given later") {
  const TempFolder folder;
  const auto values = table_values();
  const std::string bytes = folder.write("a.npy", as_bytes(values));
  const std::string floats = folder.write("f.npy", as_floats(values));
  const std::string csv = folder.write("a.csv", as_csv(values));
  for (const std::string scale : {"", "255", "standard", "none", "30"}) {
    INFO(scale);
    TrainConfig config;
    config.data = bytes;
    config.scale = scale;
    const std::string run = trained(folder, config);
    const double of_bytes = nell(open_run(run, {.spec = bytes}));
    CHECK(nell(open_run(run, {.spec = floats})) == Approx(of_bytes).epsilon(1e-6));
    CHECK(nell(open_run(run, {.spec = csv})) == Approx(of_bytes).epsilon(1e-6));
    CHECK(open_run(run).data->scale == open_run(run, {.spec = csv}).data->scale);
    // And a checkpoint that stands alone.
    folder.write("alone.safetensors", read_whole(run + "/checkpoints/last.safetensors"));
    CHECK(nell(open_run(folder / "alone.safetensors", {.spec = csv})) ==
          Approx(of_bytes).epsilon(1e-6));
  }
}

TEST_CASE("scaling: the code of a row is the same whatever rows are beside it") {
  const TempFolder folder;
  TrainConfig config;
  config.data = folder.write("a.csv", as_csv(table_values()));
  const std::string run = trained(folder, config);
  const auto code = [&](const std::string& rows) {
    const LoadedRun loaded = open_run(run, {.spec = folder.write("b.csv", "a,b,c,d\n" + rows)});
    return encode(*loaded.model, loaded.examples(loaded.data->splits.front())).mean.at({0, 0});
  };
  CHECK(code("20,25,15,18\n") == Approx(code("20,25,15,18\n1,0,255,0.5\n")).epsilon(1e-5));
  CHECK(code("1,0,1,1\n") == Approx(code("1,0,1,1\n2,0,0,0\n")).epsilon(1e-5));
}

TEST_CASE("scaling: standard results are in nats of the stored values, by every measure") {
  const TempFolder folder;
  TrainConfig config;
  config.data = folder.write("a.csv", as_csv(table_values()));
  config.scale = "standard";
  config.likelihood = "normal:0.3";
  const std::string path = trained(folder, config);
  const LoadedRun run = open_run(path);
  const Examples examples = run.test();
  const data::Scaling& scaling = run.data->scale;
  const std::size_t n = examples.count();
  // The density of the stored values at the means of the codes, written out in double.
  Tensor x({std::int64_t(n), 4});
  std::vector<std::uint32_t> rows(n);
  for (std::size_t i = 0; i < n; ++i) rows[i] = std::uint32_t(i);
  examples.fill(x.data_as<float>(), rows, 0);
  const Tensor codes = encode(*run.model, x).mean, output = decode_means(*run.model, codes);
  Tape tape;
  const Recording recording(tape);
  const Tensor log_p =
      run.model->log_likelihood(tape.leaf(codes.reshape({1, std::int64_t(n), 2})), tape.leaf(x))
          .value();
  for (std::int64_t i = 0; i < std::int64_t(n); ++i) {
    float stored[4];
    examples.split().images.write(i, 1, stored);
    double exact = 0;
    for (std::int64_t d = 0; d < 4; ++d) {
      const double s = scaling.deviation[d], v = 0.3 * s * s;
      const double difference = stored[d] - (scaling.mean[d] + s * output.at({i, d}));
      exact -= 0.5 * (std::log(2 * std::acos(-1.0) * v) + difference * difference / v);
    }
    CHECK(log_p.at({0, i}) == Approx(exact).epsilon(1e-5));
  }
  // Training log, eval, decompose and bounds tell the same number.
  const TermMeans terms = estimate_terms(*run.model, examples, 0);
  TrainConfig again = run.config;
  Trainer trainer(resolve(again), *run.data);
  trainer.load(path + "/checkpoints/last.safetensors");
  CHECK(trainer.held_out().nell == Approx(terms.nell.mean).epsilon(1e-6));
  CHECK(trainer.held_out().objective == Approx(terms.elbo.mean).epsilon(1e-6));
  const Ledger ledger = measure_ledger(*run.model, examples, {.draws = 2000, .batch = 4});
  CHECK(ledger.find("nell")->estimate.mean == Approx(terms.nell.mean).epsilon(0.1));
  CHECK(terms.nell.mean > 4 * std::log(50));  // of deviations near 74, where those of x are near 1
  const auto lattice = estimate_lattice(*run.model, examples, n, {{1, 1}, {1, 2000}}, 0,
                                        [](double) { return true; });
  CHECK(lattice->rows.front().value.mean == Approx(terms.elbo.mean).margin(1.5));
}

TEST_CASE("scaling: a run whose own is damaged is refused") {
  const TempFolder folder;
  TrainConfig config;
  config.data = folder.write("a.csv", as_csv(table_values()));
  config.scale = "standard";
  const std::string run = trained(folder, config);
  const std::string text = read_whole(run + "/config.toml");
  const auto changed = [&](const std::string& key, const std::string& value) {
    const std::size_t at = text.find(key + " = "), end = text.find('\n', at);
    folder.write("run-standard/config.toml",
                 text.substr(0, at) + key + " = " + value + text.substr(end));
  };
  changed("scale_deviation", "[]");
  CHECK_THROWS_WITH(open_model(run), contains("config.toml: ") && contains("deviations above 0"));
  changed("scale_deviation", "[1.0, 0.0, 1.0, 1.0]");
  CHECK_THROWS_WITH(open_model(run), contains("deviations above 0"));
  changed("example", "[5]");
  CHECK_THROWS_WITH(open_model(run), contains("'scale_deviation' must have 5 numbers"));
  changed("scale", "'big'");
  CHECK_THROWS_WITH(open_model(run), contains("config.toml: scale: 'big'"));
}

TEST_CASE("scaling: a run that guessed keeps what was guessed, with a note") {
  const TempFolder folder;
  TrainConfig config;
  config.data = folder.write("a.csv", as_csv(table_values()));
  config.scale = "255";  // as it was guessed of integers in a table
  const std::string run = trained(folder, config);
  const double before = nell(open_run(run));
  std::string text = read_whole(run + "/config.toml");
  const std::size_t at = text.find("scale = '255'\n");
  REQUIRE(at != std::string::npos);
  text.erase(at, 14);
  folder.write("run-255/config.toml", text);

  const LoadedRun own = open_run(run);
  CHECK(own.data->scale == data::Scaling(255));
  CHECK(own.config.scale == "255");
  CHECK(nell(own) == before);
  REQUIRE(own.notes.size() == 1);
  CHECK_THAT(own.notes[0], contains("does not say its scale: 255, as it was guessed"));

  const std::string other = folder.write("b.csv", "a,b,c,d\n1,0,0,0.5\n");
  const LoadedRun elsewhere = open_run(run, {.spec = other});
  CHECK(elsewhere.data->scale == data::Scaling(255));
  CHECK_THAT(elsewhere.notes.back(), contains("255, as its own data have it"));
  std::filesystem::remove(folder / "a.csv");
  const LoadedRun alone = open_run(run, {.spec = other});
  CHECK(alone.data->scale == data::Scaling(1));
  CHECK_THAT(alone.notes.back(), contains("its own data are gone: none is guessed from these"));
}

TEST_CASE("support: examples that a likelihood is not of are refused, in training and later") {
  const TempFolder folder;
  // The mean of each feature lies in [0, 1].
  const std::string wide = folder.write("a.csv", "a,b\n-3,0.5\n4,0.5\n0,0.2\n0.5,0.1\n");
  TrainConfig config;
  config.data = wide;
  config.latent = 2;
  const auto data = load_run_data(config);
  CHECK_THROWS_WITH(Trainer(resolve(config), *data),
                    contains("likelihood: ") && contains(wide) && contains("split 'train'") &&
                        contains("bernoulli is of numbers in [0, 1]") &&
                        contains("normal[:VAR|:learned|"));
  // Of held-out examples too.
  data::Dataset held_out = tiny_data();
  TrainConfig tiny = tiny_config();
  tiny.binarize = "none";
  CHECK_NOTHROW(Trainer(resolve(tiny), held_out));
  data::Array outside{data::StoredType::float32, {1, 4, 4}, {}};
  outside.bytes.resize(16 * sizeof(float));
  for (int i = 0; i < 16; ++i) reinterpret_cast<float*>(outside.bytes.data())[i] = 255.0f + 9 * i;
  held_out.splits[1].images = data::Images(std::move(outside));
  CHECK_THROWS_WITH(Trainer(resolve(tiny), held_out),
                    contains("split 'test' goes from 1 to 1.5294118, scaled by 255"));
}
