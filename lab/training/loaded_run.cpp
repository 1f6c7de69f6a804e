#include "lab/training/loaded_run.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <numeric>
#include <span>

#include "autodiff/error.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/data/choose_scaling.hpp"
#include "lab/files/shell_word.hpp"
#include "lab/training/checkpoint.hpp"
#include "lab/training/run_data.hpp"
#include "lab/training/run_folder.hpp"
#include "models/make_model.hpp"
#include "objectives/language/expression.hpp"

namespace nelbo {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t most_features = std::int64_t{1} << 27;

/// Throws Error unless it is the shape of an example.
void check_shape(const std::vector<std::int64_t>& example, const std::string& origin) {
  std::int64_t features = 1;
  for (const std::int64_t length : example) {
    features = length >= 1 && length <= most_features / features ? features * length : 0;
    if (features == 0) break;
  }
  if (example.empty() || example.size() > max_rank || features == 0) {
    throw Error(origin + ": 'example' must be the shape of one example, as in [28, 28]");
  }
}

/// Throws Error unless the scaling is one of such examples.
void check_scaling(const TrainConfig& config, const std::string& origin) {
  std::size_t features = 1;
  for (const std::int64_t length : config.example) features *= std::size_t(length);
  try {
    const data::Scaling scaling = scaling_of(config);
    if (!scaling.standard() || scaling.mean.size() == features) return;
  } catch (const Error& error) {
    throw Error(origin + ": " + error.what());
  }
  throw Error(origin + ": 'scale_mean' and 'scale_deviation' must have " +
              std::to_string(features) + " numbers");
}

/// Whether two shapes say the same of a row of values: equal but for axes of length 1, or one of
/// them flat.
bool same_pixels(std::vector<std::int64_t> a, std::vector<std::int64_t> b) {
  std::erase(a, 1);
  std::erase(b, 1);
  if (a == b) return true;
  const auto features = [](const std::vector<std::int64_t>& shape) {
    return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
  };
  return (a.size() == 1 || b.size() == 1) && features(a) == features(b);
}

/// A member that is text; empty for any other.
std::string text_of(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

void read_settings_of(const std::string& file, const std::function<void()>& read) {
  try {
    read();
  } catch (const SettingError& error) {
    throw SettingError("", file + ": " + error.what());
  } catch (const ExpressionError& error) {
    const std::string reason = error.what();  // with an excerpt on lines of its own
    throw SettingError("", file + ": " + reason.substr(0, reason.find('\n')));
  }
}

void explain_missing_words(const fs::path& folder, const std::function<void()>& read) {
  try {
    read();
  } catch (const Error& error) {
    const std::string record = (folder / "run.json").string();
    std::error_code ignored;
    const auto json = fs::is_regular_file(record, ignored)
                          ? nlohmann::json::parse(read_text(record), nullptr, false)
                          : nlohmann::json();
    std::string missing, program;
    if (json.is_object() && json.contains("words") && json["words"].is_array()) {
      for (const auto& word : json["words"]) {
        if (!word.is_object()) continue;
        const OwnWord own{text_of(word, "kind"), text_of(word, "name")};
        if (own.name.empty()) continue;
        const auto& here = own_words();
        if (std::any_of(here.begin(), here.end(), [&](const OwnWord& other) {
              return other.kind == own.kind && other.name == own.name;
            })) {
          continue;
        }
        missing += (missing.empty() ? "the " : ", the ") + own.kind + " '" + own.name + "'";
      }
      if (json.contains("argv")) {
        for (const auto& argument : json["argv"]) {
          if (argument.is_string()) program += " " + data::shell_word(argument.get<std::string>());
        }
      }
    }
    if (missing.empty()) throw;
    const std::string reason = error.what();
    throw Error(reason.substr(0, reason.find('\n')) + "; " + folder.string() +
                " was made by another program, with " + missing + ":" + program);
  }
}

Examples LoadedRun::examples(const data::Split& split) const {
  Examples examples(*data, split, data::parse_binarize(config.binarize),
                    Examples::role_of(split.name), config.seed);
  const std::string why = examples.unfit(model->likelihood());
  if (!why.empty()) throw SettingError("data", why + ", in a run of its own");
  return examples;
}

LoadedModel open_model(const std::filesystem::path& run, Part part) {
  const bool is_checkpoint = run.extension() == ".safetensors";
  const fs::path folder = is_checkpoint ? fs::absolute(run).parent_path().parent_path() : run;
  std::error_code ignored;
  const bool in_folder = fs::is_regular_file(folder / "config.toml", ignored);
  LoadedModel loaded;
  std::string checkpoint = run.string();
  if (!is_checkpoint || in_folder) {
    const RunFolder of = RunFolder::open(folder);
    loaded.folder = of.path();
    loaded.name = of.path().string();
    loaded.config = read_config(of);
    if (!is_checkpoint) checkpoint = of.last();
  } else {
    const std::string model = model_of_checkpoint(checkpoint);
    if (model.empty()) {
      throw Error(checkpoint +
                  ": does not name its model, as files of nelbo 0.1.0 do not; leave it "
                  "in its run folder, beside config.toml");
    }
    loaded.folder = fs::path(run).parent_path();
    loaded.name = checkpoint;
    for (std::string* of_the_run :
         {&loaded.config.data, &loaded.config.objective, &loaded.config.estimator}) {
      of_the_run->clear();
    }
    apply_toml(loaded.config, model, checkpoint);
  }
  const std::string settings = in_folder ? (folder / "config.toml").string() : checkpoint;
  check_shape(loaded.config.example, settings);
  check_scaling(loaded.config, settings);
  loaded.store = std::make_unique<ParameterStore>();
  // Values come from the file: what the data would say of their start is not asked for.
  const DataMoments none{Tensor(Shape{0}), Tensor(Shape{0})};
  const auto declare = [&] {
    if (part == Part::model || loaded.config.objective.empty()) {
      loaded.model = make_model(model_of(loaded.config), none, *loaded.store);
    } else {
      static_cast<Networks&>(loaded) =
          declare_networks(resolve(loaded.config), none, *loaded.store);
    }
  };
  explain_missing_words(loaded.folder, [&] { read_settings_of(settings, declare); });
  CheckpointOrigin origin = freeze_from(checkpoint, *loaded.store);
  loaded.step = origin.step;
  if (!origin.note.empty()) loaded.notes.push_back(std::move(origin.note));
  return loaded;
}

namespace {

/// The scaling of a run that does not say it, for other data than its own: what was guessed when it was
/// made, of its own data where they are still there. Returns a note.
std::string guess_scaling(TrainConfig& config, TrainConfig own, const data::Dataset& other) {
  try {
    if (!own.data.empty()) {
      load_run_data(own);
      keep_scaling(config, scaling_of(own));
      return "the run does not say its scale: " + config.scale + ", as its own data have it";
    }
  } catch (const Error&) {  // they are gone
  }
  keep_scaling(config, data::guessed_scaling(other));
  return "the run does not say its scale, and its own data are gone: " + config.scale +
         " is guessed from these";
}

/// The data of a run, or others in their place.
std::unique_ptr<data::Dataset> load(TrainConfig& config, const OtherData& other) {
  if (!other.label.empty()) config.label = other.label;
  if (other.spec.empty()) return load_run_data(config);
  config.data = other.spec;
  config.data_hash.clear();
  config.holdout = config.validation = 0;
  config.subset = 0;
  config.patience = config.patience_from = 0;
  try {
    return load_run_data(config);
  } catch (const SettingError& error) {
    // Data that lack the run's own label column have what is clearly labels, or none.
    if (error.setting() != "label" || !other.label.empty()) throw;
    config.label.clear();
    return load_run_data(config);
  }
}

/// The same, where what does not fit the run's steps is no fault of a flag.
std::unique_ptr<data::Dataset> load_through_steps(TrainConfig& config, const OtherData& other) {
  try {
    return load(config, other);
  } catch (const SettingError& error) {
    const std::string& step = error.setting();
    if (other.spec.empty() || (step != "crop" && step != "resize" && step != "channels")) throw;
    throw SettingError(
        "data", error.reason() + "; the run does this to all its data: " + steps_of(config).text());
  }
}

}  // namespace

LoadedRun open_run(const std::filesystem::path& run, const OtherData& other, Part part) {
  LoadedRun loaded{open_model(run, part), nullptr};
  if (other.spec.empty() && loaded.config.data.empty()) {
    throw Error(run.string() + ": stands alone and says nothing of data; name them");
  }
  TrainConfig& config = loaded.config;
  const TrainConfig own = config;
  const bool guess = own.scale.empty();
  if (guess && !other.spec.empty()) config.scale = "none";
  loaded.data = load_through_steps(config, other);
  if (!other.spec.empty()) {
    std::copy(loaded.data->notes.begin(), loaded.data->notes.end(),
              std::back_inserter(loaded.notes));
    if (guess) loaded.notes.push_back(guess_scaling(config, own, *loaded.data));
    loaded.data->scale = scaling_of(config);
  } else if (guess && !own.data_hash.empty()) {
    loaded.notes.push_back(loaded.data->notes.back());
  }
  const std::vector<std::int64_t>& given = loaded.data->example_shape();
  if (!same_pixels(given, config.example)) {
    throw Error(config.data + ": examples of shape " + data::shape_text(given) +
                " do not go with the model of " + run.string() + ", whose examples have shape " +
                data::shape_text(config.example));
  }
  return loaded;
}

}  // namespace nelbo
