#pragma once
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/error.hpp"

namespace nelbo {

/// What each group of parameters may have for itself: a learning rate, an optimiser.
template <class T>
struct ByGroup {
  T otherwise;                                        // of the groups that are not named
  std::vector<std::pair<std::string, T>> named = {};  // in the order of writing

  /// Null for a group that is not named.
  const T* find(const std::string& group) const {
    const auto at = std::find_if(named.begin(), named.end(),
                                 [&](const auto& one) { return one.first == group; });
    return at == named.end() ? nullptr : &at->second;
  }
  const T& of(const std::string& group) const {
    const T* own = find(group);
    return own == nullptr ? otherwise : *own;
  }
};

/// The parts of "VALUE", which names no group, or of "GROUP=VALUE,GROUP=VALUE": group and value.
/// Commas inside brackets separate nothing. Throws Error where one of several parts names no group,
/// and where a group is named twice.
std::vector<std::pair<std::string, std::string>> parts_by_group(const std::string& text);

/// Reads either with `read`, which makes a T of a value.
template <class T, class Read>
ByGroup<T> read_by_group(const std::string& text, T otherwise, const Read& read) {
  ByGroup<T> all{std::move(otherwise)};
  for (const auto& [group, value] : parts_by_group(text)) {
    if (group.empty()) {
      all.otherwise = read(value);
    } else {
      all.named.emplace_back(group, read(value));
    }
  }
  return all;
}

/// Throws SettingError of `setting` for a group named that is none of `groups`.
void check_group(const std::string& setting, const std::string& named,
                 const std::vector<std::string>& groups);

template <class T>
void check_groups(const std::string& setting, const ByGroup<T>& all,
                  const std::vector<std::string>& groups) {
  for (const auto& [named, value] : all.named) check_group(setting, named, groups);
}

}  // namespace nelbo
