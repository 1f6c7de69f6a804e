// Networks from files and the convolutional ones as a user trains them: the run holds what the file says,
// and every command works with it.
#include <filesystem>
#include <string>
#include <vector>

#include "lab/training/loaded_run.hpp"
#include "tests/apps/train_command.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using Words = std::vector<std::string>;

namespace {

constexpr const char* network = R"(
encoder = [ {type = "conv", channels = 4, kernel = 4, stride = 2, padding = 1, activation = "relu"},
            {type = "residual"}, {type = "layer_norm"}, {type = "dropout", rate = 0.25},
            {type = "flatten"}, {type = "dense", width = 9, activation = "tanh"} ]
decoder = [ {type = "dense", width = 64, activation = "relu"}, {type = "reshape", shape = [4, 4, 4]} ]
)";

Words training(const std::string& data, const std::string& model, const std::string& out,
               const Words& more) {
  Words words{"train",   "--data", data,         "--model", model,   "--latent", "2",
              "--batch", "20",     "--binarize", "dynamic", "--out", out};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

void run(const Words& words) {
  const Outcome outcome = run_program_binary(words);
  CAPTURE(words, outcome.err);
  REQUIRE(outcome.code == 0);
}

}  // namespace

TEST_CASE("train: a run with a network from a file does not need the file again") {
  const TempFolder folder;
  const std::string data = write_data(folder), file = folder.write("net.toml", network);
  run(training(data, file, folder / "whole", {"--steps", "5", "--threads", "1"}));
  run(training(data, file, folder / "parts", {"--steps", "2", "--threads", "3"}));
  std::filesystem::remove(file);
  run({"train", "--resume", folder / "parts", "--steps", "3", "--threads", "3"});
  CHECK(last(folder / "parts") == last(folder / "whole"));
  CHECK(record_of(folder / "whole")["settings"]["network"] == network);
  const std::string run_folder = folder / "whole";
  for (const Words& words : std::vector<Words>{
           {"eval", run_folder},
           {"decompose", run_folder, "--pairs", "0"},
           {"bounds", run_folder, "--m", "1,4", "--k", "1"},
           {"gradvar", "--run", run_folder, "--bounds", "iw", "--m", "2", "--replicates", "20",
            "--batch", "4"},
           {"ais", run_folder, "--temperatures", "5", "--chains", "2", "--examples", "3"},
           {"sample", run_folder, "--n", "4", "--out", folder / "s.npz"},
           {"encode", run_folder, "--out", folder / "e.npz"},
           {"traverse", run_folder, "--out", folder / "t.npz"}}) {
    run(words);
  }
  // A checkpoint alone says what its model is.
  std::filesystem::copy(run_folder + "/checkpoints/last.safetensors", folder / "alone.safetensors");
  CHECK(open_model(folder / "alone.safetensors").config.network == network);
  run({"sample", folder / "alone.safetensors", "--n", "4", "--out", folder / "alone.npz"});
  CHECK(read_whole(folder / "alone.npz") == read_whole(folder / "s.npz"));
  // Its settings are another run's, without the file; another model forgets it.
  run({"train", "--like", run_folder, "--steps", "1", "--out", folder / "like"});
  CHECK(record_of(folder / "like")["settings"]["network"] == network);
  run({"train", "--like", run_folder, "--model", "mlp", "--steps", "1", "--out", folder / "other"});
  CHECK_FALSE(record_of(folder / "other")["settings"].contains("network"));
}

TEST_CASE("train: a file that describes no network is refused before anything is made") {
  const TempFolder folder;
  const std::string data = write_data(folder), out = folder / "run";
  const auto refused = [&](const std::string& file) {
    const Outcome outcome = run_program_binary(training(data, file, out, {}));
    CHECK(outcome.code == 2);
    CHECK_FALSE(std::filesystem::exists(out));
    CHECK_THAT(outcome.err, contains("--model: "));
    return outcome.err;
  };
  CHECK_THAT(refused(folder / "gone.toml"), contains("gone.toml"));
  CHECK_THAT(
      refused(folder.write("a.toml", "[[encoder]]\ntype = 'dens'\n")),
      contains("a.toml, line 2: encoder, layer 1: type 'dens' is unknown; did you mean 'dense'"));
  CHECK_THAT(refused(folder.write("b.toml", "[[encoder]]\ntype = 'dense'\nwidth = 3\n")),
             contains("b.toml: encoder, layer 1, dense: takes a vector, and here is [8, 8, 1]"));
}

TEST_CASE(
    "train: conv28 and resnet32 train, resume and evaluate to the same bits for any threads") {
  const TempFolder folder;
  for (const auto& [model, side] : {std::pair{"conv28", 28}, {"resnet32", 32}}) {
    const std::string name = model;
    const std::string data = folder.write(name + "-images-idx3-ubyte", idx_of(blobs(40, side, 3)));
    run(training(data, name, folder / (name + "1"), {"--steps", "3", "--threads", "1"}));
    run(training(data, name, folder / (name + "3"), {"--steps", "2", "--threads", "3"}));
    run({"train", "--resume", folder / (name + "3"), "--steps", "1", "--threads", "3"});
    CHECK(last(folder / (name + "1")) == last(folder / (name + "3")));
    const Outcome one = run_program_binary({"eval", folder / (name + "1"), "--threads", "1"}),
                  three = run_program_binary({"eval", folder / (name + "1"), "--threads", "3"});
    CHECK(one.code == 0);
    CHECK(one.out == three.out);
  }
  const Outcome wrong = run_program_binary(
      training(write_data(folder), "conv28", folder / "wrong", {"--steps", "1"}));
  CHECK(wrong.code != 0);
  CHECK_THAT(wrong.err, contains("conv28: examples of shape [8, 8]"));
}
