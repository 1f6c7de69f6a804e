#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "autodiff/parameters.hpp"
#include "autodiff/schedule.hpp"
#include "lab/data/dataset.hpp"
#include "lab/data/examples.hpp"
#include "lab/training/networks.hpp"
#include "lab/training/run_config.hpp"

namespace nelbo {

/// The trained model of a run.
struct LoadedModel : Networks {  // auxiliaries are empty unless they were asked for
  std::filesystem::path folder;
  std::string name;  // for people: the folder, or the checkpoint that stands alone
  TrainConfig config;
  std::unique_ptr<ParameterStore> store;
  TrainingTime time;               // of the training that made it
  std::vector<std::string> notes;  // what must be told of its files
};

/// The same, and the data it is applied to.
struct LoadedRun : LoadedModel {
  std::unique_ptr<data::Dataset> data;

  /// The examples of a split as the model sees them: scaled as the run's training data were, and
  /// binarised as the run says. Throws SettingError where the model's likelihood is none of them.
  Examples examples(const data::Split& split) const;
  Examples test() const { return examples(data->split("test")); }
};

/// What of a run is opened.
enum class Part {
  model,    // enough for evaluation, codes and samples, whatever objective made it
  networks  // also those that learnt beside it: objective and estimator must be known to this program
};

/// Opens a run folder, or one checkpoint in it (RUN/checkpoints/best.safetensors); a folder stands
/// for its last checkpoint. A checkpoint that stands alone names its model, and is enough for it; what
/// learnt beside it, objective and estimator it does not say (they are empty). The
/// run's data need not be there. Throws Error if a file is missing or damaged, or holds a word that this
/// program lacks: it names the word, its kind and the program that made the run.
LoadedModel open_model(const std::filesystem::path& run, Part part = Part::model);

/// Data that replace a run's own, and what is asked of them.
struct OtherData {
  std::string spec;   // empty: the run's own
  std::string label;  // what is no feature of them; empty: as the run says, where they have it
};

/// With other data those replace the run's own, nothing is held out of them, and the run's scaling is
/// theirs; else the data must have the hash that the run recorded. Throws Error as open_model does,
/// and if data and model do not fit.
LoadedRun open_run(const std::filesystem::path& run, const OtherData& other = {},
                   Part part = Part::model);

/// Calls `read`, which reads settings that `file` brought: a SettingError, or an ExpressionError, of it
/// becomes a SettingError that names the file and no flag.
void read_settings_of(const std::string& file, const std::function<void()>& read);

/// Calls `read`, whose Error is told with the words that the run in `folder` used and this program lacks,
/// and the command that made it.
void explain_missing_words(const std::filesystem::path& folder, const std::function<void()>& read);

}  // namespace nelbo
