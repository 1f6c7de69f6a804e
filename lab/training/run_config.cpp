#include "lab/training/run_config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <sstream>

#include "autodiff/nearest_name.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/files/one_line.hpp"
#include "models/architectures/architecture.hpp"

namespace nelbo {
namespace {

/// A TOML value on its way into the configuration, with what a message about it needs.
struct Given {
  const toml::node& node;
  std::string where;  // "run.toml, line 3: 'lr'"

  [[noreturn]] void refuse(const std::string& wanted) const {
    throw SettingError("", where + " must be " + wanted);
  }
  std::string text() const {
    const auto value = node.value_exact<std::string>();
    return value ? *value : (refuse("a string"), "");
  }
  double number() const {
    if (!node.is_number()) refuse("a number");
    return *node.value<double>();
  }
  std::int64_t whole() const {
    const auto value = node.value_exact<std::int64_t>();
    return value ? *value : (refuse("a whole number"), 0);
  }
  std::uint64_t count() const {
    if (whole() < 0) refuse("0 or more");
    return std::uint64_t(whole());
  }
  std::vector<std::int64_t> wholes() const {
    const toml::array* array = node.as_array();
    if (array == nullptr) refuse("a list of whole numbers");
    std::vector<std::int64_t> values;
    for (const toml::node& one : *array) values.push_back(Given{one, where}.whole());
    return values;
  }
  std::vector<double> numbers() const {
    const toml::array* array = node.as_array();
    if (array == nullptr) refuse("a list of numbers");
    std::vector<double> values;
    for (const toml::node& one : *array) values.push_back(Given{one, where}.number());
    return values;
  }
  /// A word, or a number as it is written.
  std::string word() const { return node.is_number() ? fmt::format("{}", number()) : text(); }
  std::pair<double, double> interval() const {
    const toml::array* array = node.as_array();
    if (array == nullptr || array->size() != 2) refuse("a list of two numbers");
    const std::pair<double, double> ends{Given{*array->get(0), where}.number(),
                                         Given{*array->get(1), where}.number()};
    if (!(std::isfinite(ends.first) && std::isfinite(ends.second) && ends.first < ends.second)) {
      refuse("two finite numbers, the smaller first");
    }
    return ends;
  }
};

/// One key of the file: how it is read and written. nullopt: nothing to write.
struct Key {
  std::string name;
  std::function<void(TrainConfig&, const Given&)> read;
  std::function<std::optional<std::string>(const TrainConfig&)> write;
  bool text = false;     // a string
  bool changes = false;  // may be another when a run goes on
};

/// Throws SettingError for text that TOML cannot hold.
std::string quoted(const std::string& text) {
  if (!data::is_utf8(text)) {
    throw SettingError("",
                       "'" + text +
                           "' is not UTF-8, and config.toml, which keeps it for "
                           "later, holds nothing else; rename it, or reach it by a link (ln -s)");
  }
  std::ostringstream out;
  out << toml::value<std::string>(text);
  return out.str();
}

/// Shortest digits that read back as the same number, with a point, or TOML takes them for a whole
/// one.
std::string written(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

Key text_key(const std::string& name, std::string TrainConfig::*field) {
  return {name, [field](TrainConfig& c, const Given& g) { c.*field = g.text(); },
          [field](const TrainConfig& c) { return quoted(c.*field); }, true};
}

/// A setting that a model of its own kind may do without.
Key model_key(Key key) {
  key.write = [name = key.name, write = key.write](const TrainConfig& c) {
    const Architecture* own = architectures().find(c.model);
    return own == nullptr || own->has(name) ? write(c) : std::nullopt;
  };
  return key;
}

Key changing(Key key) {
  key.changes = true;
  return key;
}

Key number_key(const std::string& name, double TrainConfig::*field) {
  return {name, [field](TrainConfig& c, const Given& g) { c.*field = g.number(); },
          [field](const TrainConfig& c) { return written(c.*field); }};
}

Key whole_key(const std::string& name, std::int64_t TrainConfig::*field) {
  return {name, [field](TrainConfig& c, const Given& g) { c.*field = g.whole(); },
          [field](const TrainConfig& c) { return std::to_string(c.*field); }};
}

/// Not written where it is empty.
Key word_key(const std::string& name, std::string TrainConfig::*field) {
  return {name, [field](TrainConfig& c, const Given& g) { c.*field = g.word(); },
          [field](const TrainConfig& c) -> std::optional<std::string> {
            if ((c.*field).empty()) return std::nullopt;
            return quoted(c.*field);
          }};
}

/// Not written where it is empty.
Key numbers_key(const std::string& name, std::vector<double> TrainConfig::*field) {
  return {name, [field](TrainConfig& c, const Given& g) { c.*field = g.numbers(); },
          [field](const TrainConfig& c) -> std::optional<std::string> {
            if ((c.*field).empty()) return std::nullopt;
            std::string list;
            for (const double value : c.*field) list += (list.empty() ? "" : ", ") + written(value);
            return "[" + list + "]";
          }};
}

/// Naming one way to say how long takes back the other.
Key length_key(const std::string& name, std::optional<std::uint64_t> TrainConfig::*field,
               std::optional<std::uint64_t> TrainConfig::*other) {
  return {name,
          [field, other](TrainConfig& c, const Given& g) {
            c.*field = g.count();
            (c.*other).reset();
          },
          [field](const TrainConfig& c) -> std::optional<std::string> {
            if (!(c.*field)) return std::nullopt;
            return std::to_string(*(c.*field));
          }};
}

const std::vector<Key>& keys() {
  using C = TrainConfig;
  static const std::vector<Key> all{
      text_key("data", &C::data),
      text_key("data_hash", &C::data_hash),
      number_key("holdout", &C::holdout),
      number_key("validation", &C::validation),
      text_key("binarize", &C::binarize),
      word_key("scale", &C::scale),
      word_key("label", &C::label),
      {"example", [](C& c, const Given& g) { c.example = g.wholes(); },
       [](const C& c) { return fmt::format("[{}]", fmt::join(c.example, ", ")); }},
      numbers_key("scale_mean", &C::scale_mean),
      numbers_key("scale_deviation", &C::scale_deviation),
      {"picture_range", [](C& c, const Given& g) { c.picture_range = g.interval(); },
       [](const C& c) {
         return fmt::format("[{}, {}]", written(c.picture_range.first),
                            written(c.picture_range.second));
       }},
      text_key("model", &C::model),
      whole_key("latent", &C::latent),
      model_key({"hidden", [](C& c, const Given& g) { c.hidden = g.wholes(); },
                 [](const C& c) { return fmt::format("[{}]", fmt::join(c.hidden, ", ")); }}),
      model_key(text_key("likelihood", &C::likelihood)),
      model_key(text_key("prior", &C::prior)),
      model_key(text_key("posterior", &C::posterior)),
      changing(text_key("objective", &C::objective)),
      text_key("estimator", &C::estimator),
      text_key("optimizer", &C::optimizer),
      changing(number_key("lr", &C::lr)),
      changing(whole_key("batch", &C::batch)),
      length_key("epochs", &C::epochs, &C::steps),
      length_key("steps", &C::steps, &C::epochs),
      {"seed", [](C& c, const Given& g) { c.seed = g.count(); },
       [](const C& c) { return std::to_string(c.seed); }},
  };
  return all;
}

void require(bool holds, const std::string& setting, const std::string& reason) {
  if (!holds) throw SettingError(setting, reason);
}

/// Letters, digits and "+-=._" of `text`; runs of anything else become one '_' between them.
std::string file_name(const std::string& text) {
  std::string name;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string("+-=._").find(c) != std::string::npos;
    if (plain)
      name += c;
    else if (c != ' ' && !name.empty() && name.back() != '_')
      name += '_';
  }
  while (!name.empty() && (name.back() == '_' || name.back() == '.')) name.pop_back();
  return name.substr(0, 40);
}

}  // namespace

void apply_toml(TrainConfig& config, const std::string& text, const std::string& origin) {
  toml::table table;
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& error) {
    throw SettingError("", fmt::format("{}, line {}: is not TOML ({})", origin,
                                       error.source().begin.line, error.description()));
  }
  std::vector<std::string> names;
  for (const Key& key : keys()) names.push_back(key.name);
  for (const auto& [name, node] : table) {
    const std::string given(name.str());
    const std::string where =
        fmt::format("{}, line {}: '{}'", origin, node.source().begin.line, given);
    const auto key = std::find(names.begin(), names.end(), given);
    require(key != names.end(), "", where + " is no setting; " + suggest(given, names));
    keys()[key - names.begin()].read(config, Given{node, where});
  }
  require(!(table.contains("epochs") && table.contains("steps")), "",
          origin + ": 'epochs' and 'steps' exclude each other");
}

std::string to_toml(const TrainConfig& config) {
  std::string text;
  for (const Key& key : keys()) {
    const auto value = read_setting(key.name, [&] { return key.write(config); });
    if (value) text += key.name + " = " + *value + "\n";
  }
  return text;
}

std::string model_toml(const TrainConfig& config) {
  static const std::vector<std::string> wanted{
      "example", "scale",  "scale_mean", "scale_deviation", "picture_range", "model",
      "latent",  "hidden", "likelihood", "prior",           "posterior"};
  std::string text;
  for (const Key& key : keys()) {
    if (std::find(wanted.begin(), wanted.end(), key.name) == wanted.end()) continue;
    if (const auto value = key.write(config)) text += key.name + " = " + *value + "\n";
  }
  return text;
}

bool may_change(const std::string& setting) {
  return std::any_of(keys().begin(), keys().end(),
                     [&](const Key& key) { return key.changes && key.name == setting; });
}

Change apply_change(TrainConfig& config, const std::string& change) {
  const std::size_t equals = change.find('=');
  const std::string name = change.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : change.substr(equals + 1);
  const auto key =
      std::find_if(keys().begin(), keys().end(), [&](const Key& one) { return one.name == name; });
  if (key == keys().end() || !key->changes || value.empty()) {
    std::vector<std::string> names;
    for (const Key& one : keys()) {
      if (one.changes) names.push_back(one.name);
    }
    throw SettingError(
        "change", fmt::format("'{}': {}; a run goes on with its own settings but for {}", change,
                              value.empty()         ? "is not written as in lr=1e-4"
                              : key == keys().end() ? "there is no setting '" + name + "'"
                                                    : "'" + name + "' cannot be changed",
                              fmt::join(names, ", ")));
  }
  const auto written = [&] {
    const std::string text = *key->write(config);
    return key->text ? *toml::parse("value = " + text)["value"].value<std::string>() : text;
  };
  const std::string before = written();
  try {
    const toml::table table = toml::parse("value = " + (key->text ? quoted(value) : value));
    require(table.size() == 1, "change", "'" + change + "' holds more than one value");
    key->read(config, Given{*table.get("value"), "'" + name + "'"});
  } catch (const toml::parse_error&) {
    throw SettingError("change", "'" + change + "': '" + value + "' is no value");
  } catch (const SettingError& error) {
    throw SettingError("change", "'" + change + "': " + error.reason());
  }
  return {name, before, written(), !key->text};
}

std::string run_name(const TrainConfig& config) {
  std::filesystem::path data(config.data);
  if (!data.has_filename()) data = data.parent_path();
  const std::string estimator = config.estimator == "reparam" ? "" : "-" + config.estimator;
  return fmt::format("{}-{}-{}-s{}", file_name(config.model), file_name(data.filename().string()),
                     file_name(config.objective + estimator), config.seed);
}

}  // namespace nelbo
