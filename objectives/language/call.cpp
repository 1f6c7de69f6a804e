#include "objectives/language/call.hpp"

#include <algorithm>
#include <cmath>

#include "objectives/nearest_name.hpp"

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
  throw ColumnError(column_, "'" + name_ + "' needs " + key + "=...");
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

Term Call::weight(const std::string& key, std::optional<Term> otherwise) {
  Argument* argument = find(key, term_kind);
  if (!argument) {
    const auto next = std::find_if(arguments_.begin(), arguments_.end(), [](const Argument& a) {
      return !a.used && a.name.empty() && a.value.index() == term_kind;
    });
    if (next == arguments_.end()) {
      if (otherwise) return *otherwise;
      missing(key);
    }
    argument = &*next;
    argument->used = true;
  }
  const Term& value = std::get<Term>(argument->value);
  if (value.direction() != Direction::none) {
    throw ColumnError(argument->column, "'" + name_ + "': " + key +
                                            " is a number or a schedule, not the term '" +
                                            value.text() + "'");
  }
  return value;
}

double Call::number(const std::string& key, std::optional<double> otherwise) {
  const Term value = weight(key, otherwise ? std::optional<Term>(*otherwise) : std::nullopt);
  if (!value.number()) {
    throw ColumnError(column_, "'" + name_ + "': " + key +
                                   " is a plain number, not the schedule '" + value.text() + "'");
  }
  return *value.number();
}

std::int64_t Call::whole(const std::string& key, std::optional<std::int64_t> otherwise) {
  const double value =
      number(key, otherwise ? std::optional<double>(double(*otherwise)) : std::nullopt);
  if (value != std::floor(value) || std::abs(value) > 1e15) {
    throw ColumnError(column_,
                      "'" + name_ + "': " + key + " is a whole number, not " + Term(value).text());
  }
  return std::int64_t(value);
}

Term Call::term(const std::string& key) {
  const auto next = std::find_if(arguments_.begin(), arguments_.end(),
                                 [](const Argument& a) { return !a.used && a.name.empty(); });
  if (next == arguments_.end()) missing(key);
  next->used = true;
  if (next->value.index() != term_kind) {
    throw ColumnError(next->column, "'" + name_ + "': " + key + " is an expression");
  }
  return std::get<Term>(next->value);
}

std::optional<Grouping> Call::groups(const std::string& key) {
  const auto named = std::find_if(arguments_.begin(), arguments_.end(), [&](const Argument& a) {
    return a.name == key && a.value.index() == term_kind;
  });
  if (named != arguments_.end()) {
    const std::int64_t count = whole(key);
    try {
      return Grouping::equal(count);
    } catch (const Error& error) {
      throw ColumnError(named->column, error.what());
    }
  }
  const Argument* list = find(key, list_kind);
  if (!list) return std::nullopt;
  return std::get<Grouping>(list->value);
}

void Call::finish() const {
  for (const Argument& argument : arguments_) {
    if (argument.used) continue;
    const std::string given = !argument.name.empty() ? argument.name + "=..."
                              : argument.value.index() == word_kind
                                  ? std::get<std::string>(argument.value)
                                  : "another argument";
    const std::string& sought = argument.name.empty() ? given : argument.name;
    throw ColumnError(argument.column, known_.empty() ? "'" + name_ + "' takes no argument"
                                                      : "'" + name_ + "' does not take '" + given +
                                                            "'; " + suggest(sought, known_));
  }
}

}  // namespace nelbo
