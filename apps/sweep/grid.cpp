#include "apps/sweep/grid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <functional>

#include "autodiff/nearest_name.hpp"
#include "autodiff/setting_error.hpp"

namespace nelbo {
namespace {

constexpr std::size_t most_combinations = 10000;

bool in_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-'; }

bool is_name(const std::string& text) {
  return !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) &&
         std::all_of(text.begin(), text.end(), in_name);
}

std::vector<std::string> split_outside_brackets(const std::string& text, char separator) {
  std::vector<std::string> parts{""};
  int depth = 0;
  for (const char c : text) {
    if (c == '(' || c == '[' || c == '{') ++depth;
    if (c == ')' || c == ']' || c == '}') --depth;
    if (c == separator && depth <= 0) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// The text with what `value_of` gives for every {name} in it.
std::string replaced(const std::string& text,
                     const std::function<std::string(const std::string&)>& value_of) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    while (text[i] == '{' && end < text.size() && in_name(text[end])) ++end;
    const std::string name = text.substr(i + 1, end - i - 1);
    if (text[i] == '{' && end < text.size() && text[end] == '}' && is_name(name)) {
      out += value_of(name);
      i = end + 1;
    } else {
      out += text[i++];
    }
  }
  return out;
}

bool uses(const std::vector<std::string>& words, const std::string& name) {
  bool used = false;
  for (const std::string& word : words) {
    replaced(word, [&](const std::string& found) {
      used |= found == name;
      return std::string();
    });
  }
  return used;
}

}  // namespace

Grid read_grid(const std::string& text) {
  const std::size_t equals = text.find('=');
  Grid grid{.name = text.substr(0, equals), .values = {}};
  if (equals == std::string::npos || !is_name(grid.name)) {
    throw SettingError("grid", "'" + text + "' is not written as in beta=0.1,1,4");
  }
  const std::string values = text.substr(equals + 1);
  const bool bars = split_outside_brackets(values, '|').size() > 1;
  grid.values = split_outside_brackets(values, bars ? '|' : ',');
  for (const std::string& value : grid.values) {
    if (value.empty()) throw SettingError("grid", "'" + text + "' has an empty value");
    if (std::count(grid.values.begin(), grid.values.end(), value) > 1) {
      throw SettingError("grid", "'" + text + "' has '" + value + "' twice");
    }
  }
  return grid;
}

std::vector<Combination> combinations(const std::vector<Grid>& grids) {
  std::vector<Combination> all{{}};
  for (const Grid& grid : grids) {
    const auto of_name = [&](const Grid& other) { return other.name == grid.name; };
    if (std::count_if(grids.begin(), grids.end(), of_name) > 1) {
      throw SettingError("grid", "'" + grid.name + "' has two grids; give all its values in one");
    }
    if (all.size() * grid.values.size() > most_combinations) {
      throw SettingError("grid", fmt::format("more than {} combinations", most_combinations));
    }
    std::vector<Combination> longer;
    for (const Combination& choice : all) {
      for (const std::string& value : grid.values) {
        longer.push_back(choice);
        longer.back().emplace_back(grid.name, value);
      }
    }
    all = std::move(longer);
  }
  return all;
}

std::vector<std::string> filled_in(const std::vector<std::string>& words,
                                   const Combination& choice) {
  std::vector<std::string> all;
  for (const std::string& word : words) {
    all.push_back(replaced(word, [&](const std::string& name) {
      for (const auto& [key, value] : choice) {
        if (key == name) return value;
      }
      return "{" + name + "}";
    }));
  }
  for (const auto& [name, value] : choice) {
    // In one word: flags that are yes or no take a value in no other way.
    if (!uses(words, name)) all.push_back("--" + name + "=" + value);
  }
  return all;
}

void check_words(const std::vector<std::string>& words, const std::vector<Grid>& grids) {
  std::vector<std::string> names;
  for (const Grid& grid : grids) names.push_back(grid.name);
  for (const std::string& word : words) {
    replaced(word, [&](const std::string& name) {
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        throw SettingError("grid", fmt::format("'{}': {{{}}} has no grid; {}", word, name,
                                               names.empty() ? "give --grid " + name + "=..."
                                                             : suggest(name, names)));
      }
      return std::string();
    });
  }
  for (const std::string& name : names) {
    const std::string flag = "--" + name;
    const bool given = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      return word == flag || word.starts_with(flag + "=");
    });
    if (given && !uses(words, name)) {
      throw SettingError("grid", fmt::format("{} is in the command already; leave it out, or write "
                                             "{{{}}} where the values go",
                                             flag, name));
    }
  }
}

}  // namespace nelbo
