#pragma once
#include <algorithm>
#include <cctype>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/nearest_name.hpp"

namespace nelbo {

/// Words of one kind: the built-in ones, an explicit list, and those that a program registered of
/// its own. An entry has a member `std::string name`.
template <class Entry>
class Registry {
 public:
  /// `kind` is for messages: "likelihood".
  Registry(std::string kind, std::vector<Entry> builtin)
      : kind_(std::move(kind)), all_(std::move(builtin)) {}

  /// Adds a word of the user's own. One that nelbo has too replaces it in this program, which says
  /// so on stderr. Throws Error for what is no identifier, or for one added twice.
  void add(Entry entry) {
    const std::string& name = entry.name;
    const auto letter = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
    if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) ||
        !std::all_of(name.begin(), name.end(), letter)) {
      throw Error("the " + kind_ + " '" + name + "' is no name; use letters, digits and _");
    }
    if (std::count(own_.begin(), own_.end(), name) > 0) {
      throw Error("the " + kind_ + " '" + name + "' is registered twice");
    }
    own_.push_back(name);
    const auto same = std::find_if(all_.begin(), all_.end(),
                                   [&](const Entry& other) { return other.name == name; });
    if (same == all_.end()) {
      all_.push_back(std::move(entry));
    } else {
      std::cerr << "nelbo: the " << kind_ << " '" << name
                << "' is this program's own, in place of nelbo's\n";
      *same = std::move(entry);
    }
  }

  /// Null where there is none.
  const Entry* find(const std::string& name) const {
    const auto found = std::find_if(all_.begin(), all_.end(),
                                    [&](const Entry& entry) { return entry.name == name; });
    return found == all_.end() ? nullptr : &*found;
  }

  /// Throws Error naming the nearest word, or all there are.
  const Entry& at(const std::string& name) const {
    if (const Entry* entry = find(name)) return *entry;
    throw Error("there is no " + kind_ + " '" + name + "'; " + suggest(name, names()));
  }

  const std::vector<Entry>& all() const { return all_; }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const Entry& entry : all_) names.push_back(entry.name);
    return names;
  }

  /// The user's, in the order of registration.
  const std::vector<std::string>& own() const { return own_; }

 private:
  std::string kind_;
  std::vector<Entry> all_;
  std::vector<std::string> own_;
};

}  // namespace nelbo
