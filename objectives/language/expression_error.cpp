#include "objectives/language/expression_error.hpp"

#include <algorithm>
#include <cctype>

namespace nelbo {
namespace {

/// True for the bytes of a UTF-8 character after its first.
bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// Control characters, which a terminal would obey, as spaces.
std::string printable(std::string text) {
  for (char& c : text) {
    if (std::iscntrl(static_cast<unsigned char>(c))) c = ' ';
  }
  return text;
}

/// The expression, or its surroundings of the column, with a caret below the column.
std::string excerpt(const std::string& expression, std::size_t column) {
  constexpr std::size_t width = 72;
  std::size_t begin = column - 1 > width ? column - 1 - width / 2 : 0;
  while (begin > 0 && continues(expression[begin])) --begin;
  std::size_t end = std::min(expression.size(), begin + width + width / 2);
  while (end < expression.size() && continues(expression[end])) ++end;
  const std::string before = begin > 0 ? "..." : "";
  std::size_t caret = before.size();
  for (std::size_t i = begin; i < std::min(column - 1, end); ++i)
    caret += !continues(expression[i]);
  return "\n  " + before + printable(expression.substr(begin, end - begin)) +
         (end < expression.size() ? "..." : "") + "\n  " + std::string(caret, ' ') + "^";
}

}  // namespace

ExpressionError::ExpressionError(const std::string& expression, std::size_t column,
                                 const std::string& reason)
    : Error("objective, column " + std::to_string(column) + ": " + reason +
            excerpt(expression, column)),
      column_(column),
      reason_(reason) {}

std::string character_at(const std::string& expression, std::size_t at) {
  std::size_t end = at + 1;
  while (end < expression.size() && continues(expression[end])) ++end;
  std::string quoted = "'";
  quoted += printable(expression.substr(at, end - at));
  quoted += "'";
  return quoted;
}

}  // namespace nelbo
