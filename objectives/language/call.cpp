#include "objectives/language/call.hpp"

#include <algorithm>
#include <cmath>

#include "autodiff/nearest_name.hpp"

namespace nelbo {
namespace {

// Indices of Argument::value.
constexpr std::size_t word_kind = 0, term_kind = 1, list_kind = 2;

}  // namespace

Argument* Call::find(const std::string& key, std::size_t kind) {
  known_.push_back(key);
  for (Argument& argument : arguments_) {
    if (argument.used || argument.name != key) continue;
    argument.used = true;
    if (argument.value.index() != kind) {
      static const char* const kinds[] = {"a word", "a number", "a list of lists"};
      const std::string given = argument.value.index() == word_kind
                                    ? "'" + std::get<std::string>(argument.value) + "'"
                                    : kinds[argument.value.index()];
      throw ColumnError(argument.column,
                        "'" + name_ + "': " + key + " is " + kinds[kind] + ", not " + given);
    }
    return &argument;
  }
  return nullptr;
}

void Call::missing(const std::string& key) const {
  throw ColumnError(column_, "'" + name_ + "' needs " + key);
}

Argument* Call::next_expression() {
  for (Argument& argument : arguments_) {
    if (argument.used || !argument.name.empty() || argument.value.index() != term_kind) continue;
    argument.used = true;
    return &argument;
  }
  return nullptr;
}

std::string Call::word(const std::string& key, const std::vector<std::string>& words,
                       const std::string& otherwise) {
  if (const Argument* argument = find(key, word_kind)) {
    const std::string& given = std::get<std::string>(argument->value);
    if (std::find(words.begin(), words.end(), given) == words.end()) {
      throw ColumnError(argument->column, "'" + name_ + "' does not take " + key + "=" + given +
                                              "; " + suggest(given, words));
    }
    return given;
  }
  known_.insert(known_.end(), words.begin(), words.end());
  for (Argument& argument : arguments_) {
    if (argument.used || !argument.name.empty() || argument.value.index() != word_kind) continue;
    const std::string& given = std::get<std::string>(argument.value);
    if (std::find(words.begin(), words.end(), given) == words.end()) continue;
    argument.used = true;
    return given;
  }
  return otherwise;
}

const Argument* Call::weight_argument(const std::string& key) {
  const Argument* argument = find(key, term_kind);
  if (!argument) argument = next_expression();
  if (argument && std::get<Term>(argument->value).direction() != Direction::none) {
    throw ColumnError(argument->column, "'" + name_ + "': " + key +
                                            " is a number or a schedule, not the term '" +
                                            std::get<Term>(argument->value).text() + "'");
  }
  return argument;
}

Term Call::weight(const std::string& key, std::optional<Term> otherwise) {
  if (const Argument* argument = weight_argument(key)) return std::get<Term>(argument->value);
  if (!otherwise) missing(key);
  return *otherwise;
}

double Call::number(const std::string& key, std::optional<double> otherwise) {
  const Argument* argument = weight_argument(key);
  if (!argument && !otherwise) missing(key);
  if (!argument) return *otherwise;
  const Term& value = std::get<Term>(argument->value);
  if (!value.number()) {
    throw ColumnError(
        argument->column,
        "'" + name_ + "': " + key + " is a plain number, not the schedule '" + value.text() + "'");
  }
  return *value.number();
}

std::vector<double> Call::numbers(const std::string& key) {
  const auto left = [&] {
    return std::any_of(arguments_.begin(), arguments_.end(), [](const Argument& argument) {
      return !argument.used && argument.name.empty() && argument.value.index() == term_kind;
    });
  };
  std::vector<double> all;
  while (left()) all.push_back(number(key));
  return all;
}

std::int64_t Call::whole(const std::string& key, std::optional<std::int64_t> otherwise) {
  const Argument* argument = weight_argument(key);
  if (!argument && !otherwise) missing(key);
  if (!argument) return *otherwise;
  const Term& value = std::get<Term>(argument->value);
  const std::optional<double> number = value.number();
  if (!number || *number != std::floor(*number) || std::abs(*number) > 1e15) {
    throw ColumnError(argument->column,
                      "'" + name_ + "': " + key + " is a whole number, not " + value.text());
  }
  return std::int64_t(*number);
}

Term Call::term(const std::string& key) {
  known_.push_back(key);
  const Argument* argument = next_expression();
  if (!argument) missing(key);
  return std::get<Term>(argument->value);
}

std::optional<Bound> Call::bound() {
  for (Argument& argument : arguments_) {
    if (argument.used || !argument.name.empty() || argument.value.index() != term_kind) continue;
    const Term& given = std::get<Term>(argument.value);
    std::optional<Bound> bound = given.bound();
    if (!bound || given.parts().front().weight->number() != 1.0) return std::nullopt;
    argument.used = true;
    return bound;
  }
  return std::nullopt;
}

std::optional<Grouping> Call::groups(const std::string& key) {
  for (Argument& argument : arguments_) {
    if (argument.used || argument.value.index() != list_kind) continue;
    if (!argument.name.empty() && argument.name != key) continue;
    known_.push_back(key);
    argument.used = true;
    return std::get<Grouping>(argument.value);
  }
  const Argument* argument = weight_argument(key);
  if (!argument) return std::nullopt;
  const Term& value = std::get<Term>(argument->value);
  const std::optional<double> count = value.number();
  if (!count || *count != std::floor(*count) || *count < 1 || *count > 1e9) {
    throw ColumnError(argument->column, "'" + name_ + "': " + key +
                                            " is the number of equal groups, or the groups as in "
                                            "[[0,1],[2]]; not " +
                                            value.text());
  }
  return Grouping::equal(std::int64_t(*count));
}

void Call::finish() const {
  for (const Argument& argument : arguments_) {
    if (argument.used) continue;
    const auto fail = [&](const std::string& reason) {
      throw ColumnError(argument.column, "'" + name_ + "' " + reason);
    };
    const bool word = argument.value.index() == word_kind;
    const std::string name =
        argument.name.empty() && word ? std::get<std::string>(argument.value) : argument.name;
    if (known_.empty()) fail("takes no argument");
    if (name.empty()) fail("has one argument too many");
    if (std::count(known_.begin(), known_.end(), name) > 0) {
      fail("has one argument too many: '" + name + "' or its like is given already");
    }
    fail("does not take '" + name + (argument.name.empty() ? "'; " : "=...'; ") +
         suggest(name, known_));
  }
}

}  // namespace nelbo
