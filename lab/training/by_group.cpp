#include "lab/training/by_group.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "autodiff/setting_error.hpp"
#include "objectives/language/read_estimators.hpp"

namespace nelbo {
namespace {

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parts_by_group(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> all;
  const std::vector<std::string> parts = split_at_commas(text);
  for (const std::string& part : parts) {
    const std::string before = group_of(part), group = trimmed(before);
    if (group.empty() && parts.size() > 1) {
      throw Error(
          fmt::format("'{}': '{}' names no group; write GROUP=VALUE,GROUP=VALUE, or one "
                      "value for all",
                      text, trimmed(part)));
    }
    for (const auto& [other, value] : all) {
      if (other == group) throw Error(fmt::format("'{}': {} is given twice", text, group));
    }
    all.emplace_back(group, trimmed(group.empty() ? part : part.substr(before.size() + 1)));
  }
  return all;
}

void check_group(const std::string& setting, const std::string& named,
                 const std::vector<std::string>& groups) {
  if (std::find(groups.begin(), groups.end(), named) != groups.end()) return;
  throw SettingError(setting, fmt::format("the model has no group '{}'; there are {}", named,
                                          fmt::join(groups, ", ")));
}

}  // namespace nelbo
