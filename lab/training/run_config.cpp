#include "lab/training/run_config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <toml++/toml.h>
#include <algorithm>
#include <filesystem>
#include <sstream>

#include "autodiff/nearest_name.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/files/one_line.hpp"
#include "lab/training/settings.hpp"

namespace nelbo {
namespace {

using Kind = SettingKind;

[[noreturn]] void refuse(const std::string& wanted) { throw SettingError("", "must be " + wanted); }

std::int64_t whole_of(const toml::node& node) {
  const auto value = node.value_exact<std::int64_t>();
  return value ? *value : (refuse("a whole number"), 0);
}

double real_of(const toml::node& node) {
  return node.is_number() ? *node.value<double>() : (refuse("a number"), 0.0);
}

std::string string_of(const toml::node& node) {
  const auto value = node.value_exact<std::string>();
  return value ? *value : (refuse("a string"), "");
}

template <class T>
std::vector<T> list_of(const toml::node& node, T (*one_of)(const toml::node&),
                       const std::string& wanted) {
  const toml::array* array = node.as_array();
  if (array == nullptr) refuse("a list of " + wanted);
  std::vector<T> values;
  for (const toml::node& one : *array) values.push_back(one_of(one));
  return values;
}

/// Throws SettingError where the node is of another kind.
SettingValue value_of(const toml::node& node, Kind kind) {
  switch (kind) {
    case Kind::yes_no:
      if (const auto value = node.value_exact<bool>()) return *value;
      refuse("true or false");
    case Kind::whole:
      return whole_of(node);
    case Kind::number:
      return real_of(node);
    case Kind::word:
      if (node.is_number()) return text_of(real_of(node));
      if (!node.is_string()) refuse("a string or a number");
      break;
    case Kind::wholes:
      return list_of(node, whole_of, "whole numbers");
    case Kind::wholes_or_none:
      if (node.is_string() && string_of(node) == "none") return "none";
      return list_of(node, whole_of, "whole numbers, or \"none\"");
    case Kind::numbers:
      return list_of(node, real_of, "numbers");
    case Kind::text:
      break;
  }
  return string_of(node);
}

/// Whether TOML has a text of several lines between quotes as it stands: not one that begins with a line's
/// end, which is read as none of it, nor one with such quotes, or ends of lines of another kind.
bool as_it_stands(const std::string& text) {
  if (text.find_first_of("\r\n") == std::string::npos) return true;
  const auto has = [&](const char* part) { return text.find(part) != std::string::npos; };
  return !text.starts_with('\n') && !has("\r") && !has("\'\'\'") && !has("\"\"\"");
}

/// The same on one line.
std::string escaped(const std::string& text) {
  std::string all = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      all += std::string("\\") + c;
    } else if (code < 0x20 || code == 0x7f) {
      all += fmt::format("\\u{:04X}", code);
    } else {
      all += c;
    }
  }
  return all + "\"";
}

/// As TOML writes them. Numbers have the fewest digits that read back as the same, and a point, or TOML
/// takes them for whole ones. Throws SettingError for text that TOML cannot hold.
struct InToml {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const {
    std::string text = fmt::format("{}", value);
    if (text.find_first_of(".en") == std::string::npos) text += ".0";
    return text;
  }
  std::string operator()(const std::string& text) const {
    if (!data::is_utf8(text)) {
      throw SettingError("",
                         "'" + text +
                             "' is not UTF-8, and config.toml, which keeps it for "
                             "later, holds nothing else; rename it, or reach it by a link (ln -s)");
    }
    if (!as_it_stands(text)) return escaped(text);
    std::ostringstream out;
    out << toml::value<std::string>(text);
    return out.str();
  }
  template <class T>
  std::string operator()(const std::vector<T>& values) const {
    std::vector<std::string> texts;
    for (const T value : values) texts.push_back((*this)(value));
    return fmt::format("[{}]", fmt::join(texts, ", "));
  }
};

/// The line of a setting, or nothing.
std::string toml_line(const TrainSetting& setting, const TrainConfig& config) {
  const auto value = setting.get(config);
  if (!value) return "";
  return setting.name + " = " +
         read_setting(setting.name, [&] { return std::visit(InToml{}, *value); }) + "\n";
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
  for (const TrainSetting& setting : settings()) names.push_back(setting.name);
  for (const auto& [name, node] : table) {
    const std::string given(name.str());
    const std::string where =
        fmt::format("{}, line {}: '{}'", origin, node.source().begin.line, given);
    const TrainSetting* const setting = find_setting(given);
    require(setting != nullptr, "", where + " is no setting; " + suggest(given, names));
    try {
      setting->set(config, value_of(node, setting->kind));
    } catch (const SettingError& error) {
      throw SettingError("", where + " " + error.reason());
    }
  }
  require(!(table.contains("epochs") && table.contains("steps")), "",
          origin + ": 'epochs' and 'steps' exclude each other");
}

std::string to_toml(const TrainConfig& config) {
  std::string text;
  for (const TrainSetting& setting : settings()) text += toml_line(setting, config);
  return text;
}

std::string model_toml(const TrainConfig& config) {
  std::string text;
  for (const TrainSetting& setting : settings()) {
    if (setting.of_model) text += toml_line(setting, config);
  }
  return text;
}

void apply_setting(TrainConfig& config, const std::string& name, const std::string& text) {
  const TrainSetting* const setting = find_setting(name);
  require(setting != nullptr, name, "is no setting");
  setting->set(config, setting->parse(text));
}

bool may_change(const std::string& name) {
  const TrainSetting* const setting = find_setting(name);
  return setting != nullptr && setting->changes;
}

Change apply_change(TrainConfig& config, const std::string& change) {
  const std::size_t equals = change.find('=');
  const std::string name = change.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : change.substr(equals + 1);
  const TrainSetting* const setting = find_setting(name);
  if (!may_change(name) || value.empty()) {
    std::vector<std::string> names;
    for (const TrainSetting& one : settings()) {
      if (one.changes) names.push_back(one.name);
    }
    throw SettingError(
        "change", fmt::format("'{}': {}; a run goes on with its own settings but for {}", change,
                              value.empty()        ? "is not written as in lr=1e-4"
                              : setting == nullptr ? "there is no setting '" + name + "'"
                                                   : "'" + name + "' cannot be changed",
                              fmt::join(names, ", ")));
  }
  const SettingValue before = *setting->get(config);
  try {
    apply_setting(config, name, value);
  } catch (const SettingError& error) {
    throw SettingError("change", "'" + change + "': " + error.reason());
  }
  const SettingValue after = *setting->get(config);
  const bool texts =
      std::holds_alternative<std::string>(before) && std::holds_alternative<std::string>(after);
  return {name, text_of(before), text_of(after), !texts};
}

std::string run_name(const TrainConfig& config) {
  std::filesystem::path data(config.data);
  if (!data.has_filename()) data = data.parent_path();
  const std::string model = std::filesystem::path(config.model).filename().string();
  const std::string estimator = config.estimator == "reparam" ? "" : "-" + config.estimator;
  return fmt::format("{}-{}-{}-s{}", file_name(model), file_name(data.filename().string()),
                     file_name(config.objective + estimator), config.seed);
}

}  // namespace nelbo
