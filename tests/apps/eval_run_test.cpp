// What a trained model is of use for: nelbo eval, encode and sample, on a run that the program
// itself trained.
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>

#include "lab/data/load.hpp"
#include "lab/evaluation/inference.hpp"
#include "lab/evaluation/standard_errors.hpp"
#include "lab/training/loaded_run.hpp"
#include "tests/apps/program_run.hpp"
#include "tests/apps/table_run.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using nlohmann::json;

namespace {

std::string labels_of(std::uint32_t count) {
  std::string labels;
  for (std::uint32_t i = 0; i < count; ++i) labels += char(i % 7);
  return idx({count}, labels);
}

/// 250 training and 123 test images of 4 x 4, and a small model trained on them.
struct Trained {
  Trained() {
    std::filesystem::create_directory(folder / "blobs");
    folder.write("blobs/train-images-idx3-ubyte", idx_of(blobs(250, 4, 1)));
    folder.write("blobs/t10k-images-idx3-ubyte", idx_of(blobs(123, 4, 2)));
    folder.write("blobs/t10k-labels-idx1-ubyte", labels_of(123));
    const Outcome outcome =
        run_program_binary({"train",    "--data",     folder / "blobs", "--model",  "mlp",
                            "--hidden", "7",          "--latent",       "3",        "--batch",
                            "16",       "--binarize", "fixed",          "--epochs", "3",
                            "--seed",   "5",          "--lr",           "1e-2",     "--threads",
                            "1",        "--out",      folder / "run",   "--json"});
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    result = json::parse(outcome.out);
  }
  /// Runs `nelbo COMMAND RUN ... --json` and gives back the object.
  json ask(const std::string& command, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments{command, folder / "run"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.push_back("--json");
    const Outcome outcome = run_program_binary(arguments);
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    return json::parse(outcome.out);
  }

  TempFolder folder;
  json result;
};

const Trained& trained() {
  static const Trained once;
  return once;
}

struct Moments {
  double mean = 0;
  double standard_error = 0;
};

Moments moments(const std::vector<double>& values) {
  const double n = double(values.size());
  Moments m;
  m.mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double v : values) squares += (v - m.mean) * (v - m.mean);
  m.standard_error = std::sqrt(squares / (n - 1)) / std::sqrt(n);
  return m;
}

}  // namespace

TEST_CASE("A running mean and its standard error") {
  RunningMean estimate;
  for (const double v : {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0}) estimate.add(1e9 + v);
  CHECK(estimate.result().mean == Approx(1e9 + 5).epsilon(1e-15));
  CHECK(estimate.result().standard_error ==
        Approx(std::sqrt(32.0 / 7 / 8)));  // 32: squares about 5
  RunningMean one;
  one.add(3);
  CHECK(one.result().mean == 3);
  CHECK(std::isnan(one.result().standard_error));
}

TEST_CASE("eval reports the numbers that train reported, with the errors that the data imply") {
  const json of = trained().ask("eval");
  for (const char* term : {"elbo", "nell", "div"}) {
    CAPTURE(term);
    // train sums float means of batches, eval single data in double
    CHECK(of[term].get<double>() ==
          Approx(trained().result["test"][term].get<double>()).epsilon(1e-6));
  }
  CHECK(of["elbo"].get<double>() == Approx(-(of["nell"].get<double>() + of["div"].get<double>())));
  CHECK(of["count"] == 123);
  CHECK(of["split"] == "test");
  CHECK(of["seed"] == 5);

  // Div in closed form, Zheng eq. (16), from what the encoder says about each example.
  const LoadedRun run = open_run(trained().folder / "run");
  const Encoded q = encode(*run.model, run.test());
  std::vector<double> div(123, 0);
  for (std::size_t i = 0; i < div.size() * 3; ++i) {
    const double mean = q.mean.data_as<float>()[i],
                 log_variance = q.log_variance.data_as<float>()[i];
    div[i / 3] += 0.5 * (std::exp(log_variance) + mean * mean - 1 - log_variance);
  }
  CHECK(of["div"].get<double>() == Approx(moments(div).mean).epsilon(1e-5));
  CHECK(of["standard_error"]["div"].get<double>() ==
        Approx(moments(div).standard_error).epsilon(1e-5));
  // Any split of a sum: the error of -(nell + div) lies between the difference and the sum of
  // theirs.
  const double nell_error = of["standard_error"]["nell"], div_error = of["standard_error"]["div"],
               elbo_error = of["standard_error"]["elbo"];
  CHECK(elbo_error <= nell_error + div_error);
  CHECK(elbo_error >= std::abs(nell_error - div_error));
}

TEST_CASE("eval: other noise, splits, threads, checkpoints and data") {
  const json test = trained().ask("eval");
  const json other_noise = trained().ask("eval", {"--seed", "6"});
  CHECK(other_noise["div"] == test["div"]);
  CHECK(other_noise["nell"] != test["nell"]);
  // Two estimates by independent noise on the same data: within 6 standard errors over the data,
  // which are larger than those over the noise.
  CHECK(std::abs(other_noise["nell"].get<double>() - test["nell"].get<double>()) <
        6 * test["standard_error"]["nell"].get<double>());

  json three_threads = trained().ask("eval", {"--threads", "3"});
  CHECK(three_threads["threads"] == 3);
  three_threads["threads"] = test["threads"];
  CHECK(three_threads == test);

  const json train = trained().ask("eval", {"--split", "train"});
  CHECK(train["count"] == 250);
  CHECK(train["split"] == "train");
  // The same images under another path: data that bring no test split are used whole.
  const json other =
      trained().ask("eval", {"--data", trained().folder / "blobs/t10k-images-idx3-ubyte"});
  CHECK(other["count"] == 123);
  CHECK(other["div"].get<double>() == Approx(test["div"].get<double>()).epsilon(0.2));

  const Outcome best =
      run_program_binary({"eval", trained().folder / "run/checkpoints/best.safetensors"});
  CHECK(best.code == 0);
  CHECK_THAT(best.out, contains("elbo"));
}

TEST_CASE("A checkpoint that stands alone goes by its own name, in every command") {
  const TempFolder folder;
  const std::string lone = folder / "lone.safetensors",
                    images = trained().folder / "blobs/t10k-images-idx3-ubyte";
  std::filesystem::copy_file(trained().folder / "run/checkpoints/last.safetensors", lone);
  for (const std::string command : {"eval", "bounds", "decompose"}) {
    const Outcome outcome = run_program_binary({command, lone, "--data", images});
    CAPTURE(command, outcome.err);
    CHECK(outcome.code == 0);
    CHECK_THAT(outcome.out, Catch::Matchers::StartsWith(lone + " on "));
  }
  const json evaluated =
      json::parse(run_program_binary({"eval", lone, "--data", images, "--json"}).out);
  CHECK(evaluated["run"] == lone);
  const std::vector<std::string> study{"gradvar", "--run",        lone, "--data",
                                       images,    "--replicates", "8"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), study.begin(), study.end());
    return run_program_binary(more);
  };
  CHECK(with({"--objective", "elbo"}).code == 0);
  CHECK(with({"--bounds", "elbo"}).code == 0);
  const Outcome silent = with({});
  CHECK(silent.code == 2);
  CHECK_THAT(silent.err, contains("--objective: " + lone + " stands alone"));
}

TEST_CASE("Data of another shape and unknown splits are refused") {
  const TempFolder folder;
  const std::string wide = folder.write("images-idx3-ubyte", idx_of(blobs(10, 5, 1)));
  for (const std::string command : {"eval", "encode"}) {
    CAPTURE(command);
    std::vector<std::string> arguments{command, trained().folder / "run", "--data", wide};
    if (command == "encode") arguments.insert(arguments.end(), {"--out", folder / "z.npz"});
    const Outcome outcome = run_program_binary(arguments);
    CHECK(outcome.code == 1);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, contains("examples of shape 5 x 5 do not go with the model"));
    CHECK_FALSE(std::filesystem::exists(folder / "z.npz"));
  }
  const Outcome split = run_program_binary({"eval", trained().folder / "run", "--split", "tets"});
  CHECK(split.code == 2);
  CHECK_THAT(split.err, contains("did you mean 'test'?"));
}

TEST_CASE("encode writes what the encoder says, in the order of the data") {
  const TempFolder folder;
  const std::string out = folder / "z.npz";
  const json told = trained().ask("encode", {"--out", out});
  CHECK(told["count"] == 123);
  CHECK(told["latent"] == 3);
  CHECK(told["labels"] == true);

  const LoadedRun run = open_run(trained().folder / "run");
  const Encoded q = encode(*run.model, run.test());
  const auto equal = [](const Tensor& tensor, const std::vector<float>& values) {
    return std::size_t(tensor.size()) == values.size() &&
           std::memcmp(tensor.data(), values.data(), values.size() * sizeof(float)) == 0;
  };
  CHECK(equal(q.mean, floats(out + ":mean")));
  CHECK(equal(q.log_variance, floats(out + ":log_variance")));
  const std::vector<float> labels = floats(out + ":labels");
  REQUIRE(labels.size() == 123);
  for (std::size_t i = 0; i < labels.size(); ++i) CHECK(labels[i] == float(i % 7));

  // The training images have no labels.
  trained().ask("encode", {"--split", "train", "--out", out});
  CHECK(floats(out + ":mean").size() == 250 * 3);
  CHECK_THROWS(floats(out + ":labels"));
  const Outcome nowhere =
      run_program_binary({"encode", trained().folder / "run", "--out", folder / "no/such/z.npz"});
  CHECK(nowhere.code == 2);
}

TEST_CASE("encode writes x, labels and factors as the model saw them") {
  const TempFolder folder;
  // x of zeros and ones, binarised: bytes in the file.
  const std::string out = folder / "z.npz";
  CHECK(trained().ask("encode", {"--out", out})["factors"] == json::array());
  const LoadedRun run = open_run(trained().folder / "run");
  const Examples examples = run.test();
  std::vector<std::uint32_t> rows(examples.count());
  std::iota(rows.begin(), rows.end(), 0u);
  std::vector<float> seen(rows.size() * examples.features());
  examples.fill(seen.data(), rows, 0);
  CHECK(floats(out + ":x") == seen);
  const data::Dataset bits = data::read_dataset(out + ":x");
  CHECK(bits.splits[0].images.type() == data::StoredType::uint8);
  CHECK(bits.example_shape() == std::vector<std::int64_t>{4, 4});

  // Grey values, scaled: float32; and factors.
  const std::string grey(reinterpret_cast<const char*>(blobs(30, 4, 3).bytes.data()), 30 * 16);
  std::vector<std::int64_t> classes;
  std::vector<double> values;
  for (int i = 0; i < 90; ++i) {
    classes.push_back(i % 4);
    values.push_back(i / 8.0);
  }
  const std::string data =
      folder.write("a.npz", zip({{"imgs.npy", npy("|u1", "(30, 4, 4)", grey)},
                                 {"latents_classes.npy", npy("<i8", "(30, 3)", bytes_of(classes))},
                                 {"latents_values.npy", npy("<f8", "(30, 3)", bytes_of(values))}}));
  const std::string other = folder / "run", wide = folder / "wide.npz";
  REQUIRE(run_program_binary({"train", "--data", data, "--hidden", "3", "--latent", "2", "--steps",
                              "2", "--out", other})
              .code == 0);
  const Outcome outcome = run_program_binary({"encode", other, "--data", data, "--out", wide});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK_THAT(outcome.out, contains("x [30, 4, 4], factor_classes [30, 3], factor_values [30, 3]"));
  const std::vector<float> x = floats(wide + ":x");
  REQUIRE(x.size() == grey.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    CHECK(x[i] == float(static_cast<unsigned char>(grey[i])) / 255);
  const std::vector<float> again = floats(wide + ":factor_classes");
  CHECK(std::equal(again.begin(), again.end(), classes.begin(), classes.end()));
  const std::vector<float> in_units = floats(wide + ":factor_values");
  CHECK(std::equal(in_units.begin(), in_units.end(), values.begin(), values.end()));
  CHECK_THAT(read_whole(wide), contains("'<U8', 'fortran_order': False, 'shape': (3, )"));
  const Outcome shown = run_program_binary({"data", "show", data});
  CHECK_THAT(shown.out, contains("factors  factor 1       4 classes, values 0 to 10.875"));
}

TEST_CASE("decompose --draws 2 under every kind of prior whose divergence has no closed form") {
  const std::string prior = GENERATE("laplace", "mixture:2", "vamp:2");
  CAPTURE(prior);
  const TempFolder folder;
  const std::string run = folder / "run";
  const Outcome made = run_program_binary(
      {"train", "--data", trained().folder / "blobs", "--hidden", "7", "--latent", "3", "--prior",
       prior, "--objective", "elbo(mc)", "--steps", "5", "--out", run, "--quiet"});
  INFO(made.err);
  REQUIRE(made.code == 0);
  const Outcome outcome = run_program_binary({"decompose", run, "--draws", "2", "--json"});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  const json terms = json::parse(outcome.out)["terms"];
  CHECK(terms["log_px"]["value"].get<double>() >= terms["elbo"]["value"].get<double>());
}

TEST_CASE("sample writes a PNG grid that depends on the seed alone") {
  const TempFolder folder;
  const auto picture = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"--out", folder / "grid.png"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    trained().ask("sample", arguments);
    return read_whole(folder / "grid.png");
  };
  const auto number = [](const std::string& png, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | std::uint8_t(png[at + i]);
    return value;
  };
  const std::string ten = picture({"--n", "10", "--seed", "1"});
  CHECK(ten.substr(1, 3) == "PNG");
  // 4 columns of 4 pixels, each a square of 16 x 16, and the lines of 2 pixels around them; 3 rows
  CHECK(number(ten, 16) == 4 * 64 + 5 * 2);
  CHECK(number(ten, 20) == 3 * 64 + 4 * 2);
  CHECK(picture({"--n", "10", "--seed", "1", "--threads", "2"}) == ten);
  CHECK(picture({"--n", "10", "--seed", "2"}) != ten);
  CHECK(number(picture({}), 16) == 8 * 64 + 9 * 2);  // 64 by default
}

TEST_CASE("sample needs the run alone; eval and encode say that the data are gone") {
  const TempFolder folder;
  const std::string run = folder / "run", data = folder / "blobs-images-idx3-ubyte";
  folder.write("blobs-images-idx3-ubyte", idx_of(blobs(60, 4, 1)));
  const Outcome made = run_program_binary({"train", "--data", data, "--hidden", "7", "--latent",
                                           "3", "--steps", "5", "--out", run, "--quiet"});
  INFO(made.err);
  REQUIRE(made.code == 0);
  const std::vector<std::string> sample{"sample", run, "--n", "9", "--out"};
  const auto picture = [&](const std::string& out) {
    std::vector<std::string> arguments = sample;
    arguments.push_back(out);
    const Outcome outcome = run_program_binary(arguments);
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    return read_whole(out);
  };
  const std::string with_data = picture(folder / "with.png");
  std::filesystem::remove(data);
  CHECK(picture(folder / "without.png") == with_data);
  for (const std::string command : {"eval", "encode"}) {
    std::vector<std::string> arguments{command, run};
    if (command == "encode") arguments.insert(arguments.end(), {"--out", folder / "z.npz"});
    const Outcome outcome = run_program_binary(arguments);
    CHECK(outcome.code == 1);
    CHECK_THAT(outcome.err, contains(data));
  }
}

TEST_CASE("Data that are no pictures: train says so, and sample refuses") {
  const TempFolder folder;
  const std::string run = folder / "run";
  folder.write("table.csv", plain_table());
  const Outcome made = train_on_table(folder, {"--steps", "5"});
  REQUIRE(made.code == 0);
  CHECK_THAT(made.err, contains("pictures    none: examples of shape 3 are no pictures"));
  CHECK(made.out.find("pictures") == std::string::npos);
  CHECK(std::filesystem::is_empty(run + "/images"));
  const Outcome sample = run_program_binary({"sample", run, "--out", folder / "grid.png"});
  CHECK(sample.code == 1);
  CHECK_THAT(sample.err, contains("examples of shape 3 are no pictures"));
  CHECK_FALSE(std::filesystem::exists(folder / "grid.png"));
}
