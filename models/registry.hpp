#pragma once
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/nearest_name.hpp"

namespace nelbo {

/// A word that a program brought along.
struct OwnWord {
  std::string kind;  // "likelihood", "term", "command", ...
  std::string name;
  bool replaces = false;  // one that nelbo has too
};

/// All of them, in the order of registration: what a run folder lists, for a program that lacks them.
const std::vector<OwnWord>& own_words();

/// Notes one, and says on stderr where it stands in for one of nelbo's. Throws Error for a name that
/// is no identifier.
void note_own_word(const OwnWord& word);

/// Words of one kind: the built-in ones, an explicit list, and those that a program registers of its
/// own, before it runs anything. An Entry has a `std::string name`.
template <class Entry>
class Registry {
 public:
  /// `kind`: "likelihood", for messages.
  Registry(std::string kind, std::vector<Entry> builtin)
      : kind_(std::move(kind)), all_(std::move(builtin)) {}

  /// Adds a word. One that nelbo has too is replaced in this program, which says so on stderr. Throws
  /// Error for what is no identifier, and for one that was added before.
  void add(Entry entry) {
    if (std::find(own_.begin(), own_.end(), entry.name) != own_.end()) {
      throw Error("the " + kind_ + " '" + entry.name + "' is registered twice");
    }
    const auto known = position(entry.name);
    note_own_word({kind_of(entry), entry.name, known != all_.end()});
    own_.push_back(entry.name);
    if (known != all_.end()) {
      all_[std::size_t(known - all_.begin())] = std::move(entry);
    } else {
      all_.push_back(std::move(entry));
    }
  }

  /// Null where there is none.
  const Entry* find(const std::string& name) const {
    const auto known = position(name);
    return known == all_.end() ? nullptr : &*known;
  }

  /// Throws Error naming the nearest word, or all there are.
  const Entry& at(const std::string& name) const {
    if (const Entry* entry = find(name)) return *entry;
    throw Error(kind_ + " '" + name + "' is unknown; " + suggest(name, names()));
  }

  const std::vector<Entry>& all() const { return all_; }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const Entry& entry : all_) names.push_back(entry.name);
    return names;
  }
  /// Whether this program brought the word along.
  bool own(const std::string& name) const {
    return std::find(own_.begin(), own_.end(), name) != own_.end();
  }

 private:
  /// Of entries of several kinds (terms, bounds, ...) their own.
  std::string kind_of(const Entry& entry) const {
    if constexpr (requires { entry.kind_name(); }) {
      return entry.kind_name();
    } else {
      return kind_;
    }
  }
  typename std::vector<Entry>::const_iterator position(const std::string& name) const {
    return std::find_if(all_.begin(), all_.end(), [&](const Entry& e) { return e.name == name; });
  }

  std::string kind_;
  std::vector<Entry> all_;
  std::vector<std::string> own_;
};

/// A word with one argument, as likelihoods, priors and posteriors are written: "mixture:10".
struct Choice {
  std::string name;
  std::string argument;  // empty where there is none
  std::string kind;      // "prior", for messages
  std::string text;      // as it was written

  /// The argument as a whole number in [least, most]. Throws Error calling it `what`.
  std::int64_t whole(const std::string& what, std::int64_t least, std::int64_t most) const;
  /// Throws Error where there is an argument.
  void no_argument() const;
};

/// Splits at the first colon; `kind` ("prior") is for messages.
Choice parse_choice(const std::string& kind, const std::string& text);

}  // namespace nelbo
