#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "autodiff/parameters.hpp"
#include "lab/data/dataset.hpp"
#include "lab/data/examples.hpp"
#include "lab/training/networks.hpp"
#include "lab/training/run_config.hpp"

namespace nelbo {

/// The trained model of a run.
struct LoadedModel : Networks {
  std::filesystem::path folder;
  TrainConfig config;
  std::unique_ptr<ParameterStore> store;
  std::uint64_t step = 0;  // training steps that made it
};

/// The same, and the data it is applied to.
struct LoadedRun : LoadedModel {
  std::unique_ptr<data::Dataset> data;

  /// The held-out examples as the model sees them: scaled, and binarised as the run says.
  Examples test() const;
};

/// Opens a run folder, or one checkpoint in it (RUN/checkpoints/best.safetensors); a folder stands
/// for its last checkpoint. The run's data need not be there. Throws Error if a file is missing or
/// damaged.
LoadedModel open_model(const std::filesystem::path& run);

/// With a non-empty `data_spec` those data replace the run's own, and nothing is held out of them;
/// else the data must have the hash that the run recorded. Throws Error as open_model does, and if
/// data and model do not fit.
LoadedRun open_run(const std::filesystem::path& run, const std::string& data_spec = "");

}  // namespace nelbo
