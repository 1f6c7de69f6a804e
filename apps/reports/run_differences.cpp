#include "apps/reports/run_differences.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

#include "lab/files/one_line.hpp"
#include "lab/files/sha256.hpp"

namespace nelbo {
namespace {

constexpr std::size_t longest_label = 30;  // characters

bool is_one_of(const std::string& word, std::initializer_list<const char*> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// What follows from the data or the model's file, and how far a run goes, which its epochs say.
bool told_elsewhere(const std::string& setting) {
  return is_one_of(setting, {"data_hash", "example", "scale_mean", "scale_deviation", "labels_told",
                             "picture_range", "epochs", "steps"});
}

/// Settings whose values tell what they are.
bool speaks_for_itself(const std::string& setting) {
  return is_one_of(setting, {"objective", "model", "data", "estimator", "optimizer", "posterior",
                             "prior", "likelihood"});
}

/// Names, numbers and single other characters; blanks separate.
std::vector<std::string> tokens_of(const std::string& text) {
  std::vector<std::string> tokens;
  const auto word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.';
  };
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    if (word(text[i])) {
      while (end < text.size() &&
             (word(text[end]) ||
              (text[end] == '-' && end + 1 < text.size() && text[end - 1] == 'e' && end >= 2 &&
               std::isdigit(static_cast<unsigned char>(text[end - 2]))))) {
        ++end;
      }
    }
    if (text[i] != ' ') tokens.push_back(text.substr(i, end - i));
    i = end;
  }
  return tokens;
}

/// The setting's values, of files what follows the folder that all are in.
std::vector<std::string> without_common_folder(std::vector<std::string> paths) {
  std::string common = paths.front();
  for (const std::string& path : paths) {
    const auto [end, other] = std::mismatch(common.begin(), common.end(), path.begin(), path.end());
    common.erase(end, common.end());
  }
  const std::size_t slash = common.rfind('/');
  if (slash == std::string::npos) return paths;
  for (std::string& path : paths) path.erase(0, slash + 1);
  return paths;
}

/// What files say that describe networks, by the beginning of its SHA-256; empty of runs without one, and of
/// all where the files' names tell the runs apart.
std::vector<std::string> networks_by_digest(const std::vector<RunHistory>& runs) {
  std::vector<std::string> digests;
  std::map<std::string, std::string> of_model;
  bool same_name = false;
  for (const RunHistory& run : runs) {
    const std::string text = run.setting("network");
    Sha256 digest;
    digest.update(text.data(), text.size());
    digests.push_back(text.empty() ? "" : digest.hex().substr(0, 8));
    const auto [known, added] = of_model.try_emplace(run.setting("model"), digests.back());
    same_name = same_name || (!added && known->second != digests.back());
  }
  if (!same_name) std::fill(digests.begin(), digests.end(), "");
  return digests;
}

std::string shortened(const std::string& text) {
  std::string cut;
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++characters) {
    if (characters == longest_label) return cut + "\xE2\x80\xA6";
    const std::size_t bytes =
        std::max<std::size_t>(1, data::shown_character(std::string_view(text).substr(i)));
    cut += text.substr(i, bytes);
    i += bytes;
  }
  return cut;
}

std::string label_of(const std::vector<Difference>& differences, std::size_t run) {
  std::string label;
  for (const Difference& one : differences) {
    if (one.setting == "seed") continue;
    const std::string& value = one.values[run];
    if (!label.empty()) label += ", ";
    if (value.empty()) {
      label += "no " + one.setting;
    } else {
      label += speaks_for_itself(one.setting) ? value : one.setting + " " + value;
    }
  }
  return label;
}

}  // namespace

std::vector<std::string> differing_parts(const std::vector<std::string>& texts) {
  std::vector<std::vector<std::string>> all;
  for (const std::string& text : texts) all.push_back(tokens_of(text));
  const std::vector<std::string>& first = all.front();
  std::vector<bool> differs(first.size(), false);
  for (const auto& tokens : all) {
    if (tokens.size() != first.size()) return texts;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (tokens[i] == first[i]) continue;
      // Other names make it another objective, not another number in it.
      if (!std::isdigit(static_cast<unsigned char>(tokens[i].front()))) return texts;
      differs[i] = true;
    }
  }
  std::vector<std::string> parts;
  for (const auto& tokens : all) {
    std::string part;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (!differs[i]) continue;
      std::string one = tokens[i];
      if (i >= 2 && tokens[i - 1] == "=") {
        one = tokens[i - 2] + "=" + one;
      } else if (i + 2 < tokens.size() && tokens[i + 1] == "*") {
        one += "*" + tokens[i + 2];
      }
      part += (part.empty() ? "" : " ") + one;
    }
    parts.push_back(part);
  }
  return parts;
}

std::vector<Difference> differences(const std::vector<RunHistory>& runs) {
  std::vector<std::string> names;
  for (const RunHistory& run : runs) {
    for (const auto& [name, value] : run.settings) {
      const bool known = std::find(names.begin(), names.end(), name) != names.end();
      if (!known && !told_elsewhere(name)) names.push_back(name);
    }
  }
  std::vector<Difference> all;
  for (const std::string& name : names) {
    Difference one{name, {}};
    for (const RunHistory& run : runs) one.values.push_back(run.setting(name));
    if (name == "network") one.values = networks_by_digest(runs);
    const bool equal = std::all_of(one.values.begin(), one.values.end(),
                                   [&](const auto& value) { return value == one.values.front(); });
    if (equal) continue;
    if (name == "objective") one.values = differing_parts(one.values);
    if (name == "data") one.values = without_common_folder(one.values);
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<std::pair<std::string, std::string>> common_settings(
    const std::vector<RunHistory>& runs) {
  std::vector<std::pair<std::string, std::string>> common;
  for (const auto& [name, value] : runs.front().settings) {
    const bool all = std::all_of(runs.begin(), runs.end(),
                                 [&, &name = name, &value = value](const RunHistory& run) {
                                   return run.setting(name) == value;
                                 });
    if (all) common.emplace_back(name, value);
  }
  return common;
}

std::vector<SeedGroup> by_seed(const std::vector<RunHistory>& runs,
                               const std::vector<Difference>& differences) {
  std::vector<SeedGroup> groups;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::string label = label_of(differences, i);
    // A run of the same seed is a copy, and no further sample.
    const auto joins = [&](const SeedGroup& group) {
      return group.label == label &&
             std::none_of(group.runs.begin(), group.runs.end(), [&](std::size_t other) {
               return runs[other].setting("seed") == runs[i].setting("seed");
             });
    };
    const auto group = std::find_if(groups.begin(), groups.end(), joins);
    if (group == groups.end()) {
      groups.push_back({label, {i}});
    } else {
      group->runs.push_back(i);
    }
  }
  std::map<std::string, int> times;
  for (SeedGroup& group : groups) ++times[group.label = shortened(group.label)];
  for (SeedGroup& group : groups) {
    if (times[group.label] == 1 && !group.label.empty()) continue;
    group.label = groups.size() == 1 ? "all seeds" : shortened(runs[group.runs.front()].name);
  }
  return groups;
}

}  // namespace nelbo
