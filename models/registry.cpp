#include "models/registry.hpp"

#include <cctype>
#include <iostream>

#include "autodiff/number_of.hpp"

namespace nelbo {
namespace {

std::vector<OwnWord>& noted() {
  static std::vector<OwnWord> words;
  return words;
}

bool is_identifier(const std::string& name) {
  const auto letter = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
  return !name.empty() && !std::isdigit(static_cast<unsigned char>(name.front())) &&
         std::all_of(name.begin(), name.end(), letter);
}

}  // namespace

const std::vector<OwnWord>& own_words() { return noted(); }

void note_own_word(const OwnWord& word) {
  if (!is_identifier(word.name)) {
    throw Error("the " + word.kind + " '" + word.name +
                "' has no name that can be written; use letters, digits and _");
  }
  if (word.replaces) {
    std::cerr << "note: the " << word.kind << " '" << word.name
              << "' is this program's own, in place of nelbo's\n";
  }
  noted().push_back(word);
}

std::int64_t Choice::whole(const std::string& what, std::int64_t least, std::int64_t most) const {
  const auto number = number_of<std::int64_t>(argument);
  if (number && *number >= least && *number <= most) return *number;
  throw Error(kind + " '" + text + "': " + what + " '" + argument + "' must be " +
              std::to_string(least) + " to " + std::to_string(most));
}

void Choice::no_argument() const {
  if (argument.empty() && text == name) return;
  throw Error(kind + " '" + text + "': " + name + " takes no argument");
}

Choice parse_choice(const std::string& kind, const std::string& text) {
  const auto colon = text.find(':');
  return {text.substr(0, colon), colon == std::string::npos ? "" : text.substr(colon + 1), kind,
          text};
}

}  // namespace nelbo
