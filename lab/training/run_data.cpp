#include "lab/training/run_data.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "autodiff/error.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/data/choose_scaling.hpp"
#include "lab/data/load.hpp"

namespace nelbo {
namespace {

/// Whether the scaling is known whatever the data.
bool holds_scaling(const TrainConfig& config) {
  return !config.scale.empty() && (config.scale != "standard" || !config.scale_deviation.empty());
}

void check_features(const TrainConfig& config, const data::Dataset& data) {
  const auto features = std::size_t(data.splits.front().images.features());
  if (!data.scale.standard() || data.scale.mean.size() == features) return;
  throw Error(config.data + ": examples of " + std::to_string(features) +
              " features do not go with the run's scaling of " +
              std::to_string(data.scale.mean.size()));
}

/// Early stopping needs validation examples.
double implied_validation(const TrainConfig& config) { return config.patience > 0 ? 0.1 : 0; }

data::Dataset load(const TrainConfig& config) {
  // Labels that are inferred, and coded already, need not be there.
  const bool coded = config.labels_used > 0 && !config.condition_classes.empty();
  return data::load_dataset(config.data, {.holdout = config.holdout,
                                          .seed = config.seed,
                                          .validation = config.validation,
                                          .validation_otherwise = implied_validation(config),
                                          .scale = holds_scaling(config) ? "none" : config.scale,
                                          .label = config.label,
                                          .condition = coded ? "" : config.condition,
                                          .labels_used = coded ? 0 : config.labels_used,
                                          .missing = !config.missing.empty(),
                                          .subset = config.subset,
                                          .steps = steps_of(config)});
}

/// The data of a run that was made when a column was labels only if it was named "label".
data::Dataset load_as_before(TrainConfig& config) {
  data::Dataset data = load(config);
  const auto fits = [&] {
    return config.example.empty() ||
           data.splits.front().images.features() ==
               std::accumulate(config.example.begin(), config.example.end(), std::int64_t{1},
                               std::multiplies<>());
  };
  for (const char* label : {"label", "none"}) {
    if (fits()) break;
    try {
      TrainConfig before = config;
      before.label = label;
      data = load(before);
      config.label = label;
    } catch (const SettingError&) {  // there is no column of that name
    }
  }
  return data;
}

}  // namespace

data::Scaling scaling_of(const TrainConfig& config) {
  if (config.scale == "standard") {
    return read_setting("scale",
                        [&] { return data::Scaling(config.scale_mean, config.scale_deviation); });
  }
  return config.scale.empty() ? 1 : data::scale_divisor(config.scale);
}

void keep_scaling(TrainConfig& config, const data::Scaling& scaling) {
  config.scale = scaling.text();
  config.scale_mean = scaling.mean;
  config.scale_deviation = scaling.deviation;
}

data::Condition condition_of(const TrainConfig& config) {
  const data::Condition condition{config.condition,       config.condition_classes,
                                  config.condition_mean,  config.condition_deviation,
                                  config.labels_used > 0, config.labels_told};
  const auto positive = [](double value) { return std::isfinite(value) && value > 0; };
  const auto finite = [](double value) { return std::isfinite(value); };
  const auto all = [](const auto& values, const auto& holds) {
    return std::all_of(values.begin(), values.end(), holds);
  };
  constexpr auto most = std::int64_t(data::most_condition_numbers);
  const bool counts = condition.of != "factors" ||
                      all(condition.classes, [](std::int64_t n) { return n >= 1 && n <= most; });
  if (!counts || condition.size() > data::most_condition_numbers ||
      condition.mean.size() != condition.deviation.size() || !all(condition.mean, finite) ||
      !all(condition.deviation, positive)) {
    throw SettingError("condition", "has a code that is none: classes from 1 on, at most " +
                                        std::to_string(most) +
                                        " numbers, as many finite means as deviations above 0");
  }
  return condition;
}

void keep_condition(TrainConfig& config, const data::Condition& condition) {
  config.condition = condition.of;
  config.condition_classes = condition.classes;
  config.condition_mean = condition.mean;
  config.condition_deviation = condition.deviation;
  config.labels_told = condition.told;
}

data::Preprocessing steps_of(const TrainConfig& config) {
  data::Preprocessing steps{.crop = {},
                            .resize = {},
                            .channels = config.channels,
                            .invert = config.invert,
                            .greatest = config.invert ? config.invert_from : std::nullopt};
  if (!config.crop.empty())
    steps.crop = data::parse_size("crop", config.crop, data::most_side_read);
  if (!config.resize.empty())
    steps.resize = data::parse_size("resize", config.resize, data::most_side);
  return steps;
}

void keep_steps(TrainConfig& config, const data::Preprocessing& steps) {
  config.crop = steps.crop ? steps.crop->text() : "";
  config.resize = steps.resize ? steps.resize->text() : "";
  config.channels = steps.channels;
  config.invert = steps.invert;
  config.invert_from = steps.greatest;
}

void forget_data(TrainConfig& config) {
  config.invert_from.reset();
  config.data_hash.clear();
  config.scale_mean.clear();
  config.scale_deviation.clear();
  config.centre_mean.clear();
  keep_condition(config, {.of = config.condition});
}

std::unique_ptr<data::Dataset> load_run_data(TrainConfig& config) {
  config.data = data::absolute_spec(config.data);
  const bool known = holds_scaling(config);
  const bool guessed = config.scale.empty() && !config.data_hash.empty();
  auto data = std::make_unique<data::Dataset>(guessed ? load_as_before(config) : load(config));
  const std::string hash = data::content_hash(*data);
  if (!config.data_hash.empty() && config.data_hash != hash) {
    throw Error(config.data + ": the content has SHA-256 " + hash + ", the run was made with " +
                config.data_hash + "; put the data of the run there");
  }
  config.data_hash = hash;
  config.validation = data->validation;
  if (known) data->scale = scaling_of(config);
  if (guessed) {
    data->scale = data::guessed_scaling(*data);
    data->notes.push_back("the run does not say its scale: " + data->scale.text() +
                          ", as it was guessed when the run was made");
  }
  check_features(config, *data);
  keep_scaling(config, data->scale);
  keep_steps(config, data->steps);
  if (const data::Condition held = condition_of(config); held.size() > 0) data->condition = held;
  keep_condition(config, data->condition);
  return data;
}

}  // namespace nelbo
