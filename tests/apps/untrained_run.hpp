#pragma once
// Run folders with a model as it starts, or with parameters that a test sets.
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lab/data/examples.hpp"
#include "lab/training/checkpoint.hpp"
#include "lab/training/networks.hpp"
#include "lab/training/run_folder.hpp"
#include "lab/training/train_plan.hpp"
#include "tests/apps/program_run.hpp"
#include "tests/catch.hpp"
#include "tests/lab/train_data.hpp"

namespace nelbo::tests {

inline TrainConfig config_of(const std::string& posterior) {
  TrainConfig config = tiny_config();
  config.posterior = posterior;
  config.example = {4, 4};
  return config;
}

/// A model as it starts.
struct Untrained {
  explicit Untrained(const std::string& posterior) : config(config_of(posterior)) {
    networks = make_networks(resolve(config), test.moments(), store);
  }
  const Model& model() const { return *networks.model; }

  TrainConfig config;
  data::Dataset data = tiny_data();
  Examples test{data, data.split("test"), data::parse_binarize("dynamic"), Examples::Role::test, 0};
  ParameterStore store;
  Networks networks;
};

/// A run folder as training would leave it, on data of 50 + 23 images.
struct UntrainedRun : Untrained {
  explicit UntrainedRun(const std::string& posterior) : Untrained(posterior) {
    const auto write = [&](const char* name, const data::Array& images) {
      folder.write(std::string("blobs/") + name,
                   idx({std::uint32_t(images.shape[0]), 4, 4},
                       {reinterpret_cast<const char*>(images.bytes.data()), images.bytes.size()}));
    };
    std::filesystem::create_directory(folder / "blobs");
    write("train-images-idx3-ubyte", blobs(50, 4, 1));
    write("t10k-images-idx3-ubyte", blobs(23, 4, 2));
    config.data = folder / "blobs";
    config.binarize = "fixed";
    const RunFolder run = RunFolder::at(folder / "run");
    { const RunLock lock = run.make(); }
    checkpoint = run.last();
    folder.write("run/config.toml", to_toml(config));
    save();
  }
  /// Writes the parameters as they are.
  void save() const { save_parameters(checkpoint, "", {}, store, {}); }
  /// Runs `nelbo COMMAND RUN ...`.
  Outcome run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin() + 1, folder / "run");
    return run_program_binary(arguments);
  }
  nlohmann::json ask(std::vector<std::string> arguments) const {
    arguments.push_back("--json");
    const Outcome outcome = run(arguments);
    INFO(arguments[0] << ": " << outcome.err);
    REQUIRE(outcome.code == 0);
    return nlohmann::json::parse(outcome.out);
  }
  TempFolder folder;
  std::string checkpoint;
};

}  // namespace nelbo::tests
