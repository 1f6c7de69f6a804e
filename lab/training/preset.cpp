#include "lab/training/preset.hpp"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <sstream>

#include "autodiff/nearest_name.hpp"
#include "autodiff/setting_error.hpp"

namespace nelbo {
namespace {

/// What is said of a preset: in its own table, or before it of all in the file.
class Said {
 public:
  Said(const toml::table& all, const toml::table& own) : tables_{&all, &own} {}

  /// The value of a path ("paper.minutes"), the preset's own first; nothing where neither says it.
  template <class T>
  std::optional<T> find(const std::string& path) const {
    for (const toml::table* table : {tables_[1], tables_[0]}) {
      const auto node = table->at_path(path);
      if (!node) continue;
      const auto value = node.value<T>();
      if (!value) throw Error("'" + path + "' is of another kind");
      return value;
    }
    return std::nullopt;
  }
  std::string text(const std::string& path) const { return find<std::string>(path).value_or(""); }
  std::string wanted(const std::string& path) const {
    const std::string found = text(path);
    if (found.empty()) throw Error("'" + path + "' is missing");
    return found;
  }
  /// Both tables of a path as TOML, the file's first.
  void add_tables(const std::string& path, std::vector<std::string>& texts) const {
    for (const toml::table* table : tables_) {
      const auto node = table->at_path(path);
      if (!node) continue;
      const toml::table* const found = node.as_table();
      if (found == nullptr) throw Error("'" + path + "' is no table");
      std::ostringstream out;
      out << *found;
      texts.push_back(out.str());
    }
  }
  std::vector<std::string> lines(const std::string& path) const {
    std::vector<std::string> all;
    for (const toml::table* table : tables_) {
      const toml::array* const found = table->at_path(path).as_array();
      if (found == nullptr) continue;
      for (const toml::node& line : *found) all.push_back(line.value_or(std::string()));
    }
    return all;
  }

 private:
  const toml::table* tables_[2];
};

Recipe recipe_of(const Said& said, const std::string& name) {
  const bool paper = name == "paper";
  Recipe recipe;
  recipe.name = name;
  const auto number = [&](const std::string& key) {
    const auto own = said.find<double>(name + "." + key);
    return own ? own : said.find<double>("paper." + key);
  };
  recipe.minutes = number("minutes").value_or(0);
  if (!(recipe.minutes > 0)) throw Error("'paper.minutes' must be above 0");
  recipe.tolerance = number("tolerance");
  said.add_tables("settings", recipe.settings);
  said.add_tables("paper.settings", recipe.settings);
  if (!paper) said.add_tables("hour.settings", recipe.settings);
  return recipe;
}

Evaluation evaluation_of(const Said& said) {
  const auto count = [&](const char* key, bool wanted) {
    const auto found = said.find<std::int64_t>(key);
    if (wanted && found.value_or(0) < 1) throw Error(fmt::format("'{}' must be above 0", key));
    return found.value_or(0);
  };
  const std::string by = said.text("evaluate.by");
  return {.by = by,
          .samples = count("evaluate.samples", by == "iw" || by == "ais"),
          .temperatures = count("evaluate.temperatures", by == "ais"),
          .split = said.text("evaluate.split"),
          .cost = said.find<bool>("evaluate.cost").value_or(false)};
}

Preset preset_of(const Said& said) {
  Preset preset{.name = said.wanted("name"),
                .summary = said.wanted("summary"),
                .source = said.wanted("source"),
                .evidence = said.wanted("evidence"),
                .wants = said.text("wants"),
                .data_count = said.find<std::int64_t>("data_count").value_or(0),
                .data_mean = said.find<double>("data_mean"),
                .published = said.find<double>("published"),
                .published_error = said.find<double>("published_error"),
                .beside = said.text("beside"),
                .evaluation = evaluation_of(said),
                .differs = said.lines("differs"),
                .recipes = {recipe_of(said, "paper"), recipe_of(said, "hour")}};
  if (preset.evidence == "not verified" && preset.published) {
    throw Error("a number that is not verified is not told");
  }
  return preset;
}

}  // namespace

const Recipe& Preset::recipe(const std::string& name) const {
  std::vector<std::string> names;
  for (const Recipe& one : recipes) {
    if (one.name == name) return one;
    names.push_back(one.name);
  }
  throw SettingError("recipe", "'" + name + "' is unknown; " + suggest(name, names));
}

void Preset::apply(TrainConfig& config, const Recipe& recipe) const {
  if (!wants.empty()) config.data.clear();
  for (const std::string& text : recipe.settings) apply_toml(config, text, "preset " + name);
}

std::vector<Preset> read_presets(const std::string& text, const std::string& origin) {
  toml::table file;
  try {
    file = toml::parse(text);
  } catch (const toml::parse_error& error) {
    throw Error(fmt::format("{}, line {}: is not TOML ({})", origin, error.source().begin.line,
                            error.description()));
  }
  std::vector<Preset> presets;
  const toml::array* const tables = file["preset"].as_array();
  if (tables == nullptr) throw Error(origin + ": there is no [[preset]]");
  for (const toml::node& node : *tables) {
    const toml::table* const own = node.as_table();
    if (own == nullptr) throw Error(origin + ": 'preset' is no list of tables");
    try {
      presets.push_back(preset_of(Said(file, *own)));
    } catch (const Error& error) {
      throw Error(fmt::format("{}, line {}: {}", origin, own->source().begin.line, error.what()));
    }
  }
  return presets;
}

}  // namespace nelbo
