#pragma once
#include <map>
#include <string>
#include <utility>

#include "autodiff/error.hpp"

namespace nelbo::python {

/// Words that Python functions gave a meaning. The words stay, what they mean may be defined anew (a cell
/// that runs again).
template <class Meaning>
class OwnWords {
 public:
  /// Takes the meaning; whether the registry has to learn the word. Throws Error, calling it a `kind`, for a
  /// name of nelbo's.
  template <class Registry>
  bool take(const std::string& name, Meaning meaning, const Registry& registry,
            const std::string& kind) {
    const bool known = all_.contains(name);
    if (!known && registry.find(name) != nullptr) {
      throw Error("'" + name + "' is a " + kind + " of nelbo's own; give yours another name");
    }
    all_.insert_or_assign(name, std::move(meaning));
    return !known;
  }
  const Meaning& at(const std::string& name) const { return all_.at(name); }

 private:
  std::map<std::string, Meaning> all_;
};

/// The process's own, of one kind of meaning each; never destroyed, for Python may be gone by then.
template <class Meaning>
OwnWords<Meaning>& own_words_of() {
  static auto& words = *new OwnWords<Meaning>();
  return words;
}

}  // namespace nelbo::python
