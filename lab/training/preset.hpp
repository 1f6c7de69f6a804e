#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lab/training/run_config.hpp"

namespace nelbo {

/// How a source comes to the number that it publishes.
struct Evaluation {
  /// "iw": IW_m of log P(x); "ais": annealed importance sampling from the encoder, with IW_m beside it;
  /// "elbo"; "study"; empty: there is no number.
  std::string by;
  std::int64_t samples = 0;       // m
  std::int64_t temperatures = 0;  // of "ais"
  std::string split;              // of the data
  bool cost = false;              // the number is a cost, -log P(x): the lower the better
};

/// How a preset is trained. `settings` are TOML texts, the later ones over the earlier.
struct Recipe {
  std::string name;                 // "paper" or "hour"
  double minutes = 0;               // on two cores
  std::optional<double> tolerance;  // nats; none where there is nothing to compare with
  std::vector<std::string> settings;
};

/// A named set of settings, and what is published of it.
struct Preset {
  std::string name;
  std::string summary;              // one line
  std::string source;               // who published, where
  std::string evidence;             // "verified", "exact", "not verified" or "none"
  std::string wants;                // data that a user must name; empty: the settings name them
  std::int64_t data_count = 0;      // of the examples of these data, all splits; 0: any
  std::optional<double> data_mean;  // of the values of these data in [0, 1]
  std::optional<double> published;  // nats per datum, with the sign that the source has
  std::optional<double> published_error;  // its standard error or deviation, as the source has it
  std::string beside;  // another number that may stand beside it, and whose it is
  Evaluation evaluation;
  std::vector<std::string> differs;  // what is otherwise than in the source
  std::vector<Recipe> recipes;       // "paper" first

  /// Throws SettingError of `recipe`, with the nearest name.
  const Recipe& recipe(const std::string& name) const;
  /// Sets what a recipe says and leaves the rest. Data that a user must name become empty.
  void apply(TrainConfig& config, const Recipe& recipe) const;
};

/// The presets of one file. What stands before the first [[preset]] is said of all of them: source,
/// evidence, wants, data_count, data_mean, differs, [evaluate], [settings], and of the recipes [paper] and [hour] minutes,
/// tolerance and settings. Each preset may say it anew, with settings added to those; "hour" is "paper"
/// where nothing is said of it. Throws Error naming `origin` for what is no such file.
std::vector<Preset> read_presets(const std::string& text, const std::string& origin);

}  // namespace nelbo
