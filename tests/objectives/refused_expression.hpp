#pragma once
#include <cstddef>
#include <string>
#include <utility>

#include "objectives/language/expression.hpp"

namespace nelbo::tests {

/// The column and the reason for which an expression is refused in a setting.
inline std::pair<std::size_t, std::string> refused(const std::string& expression,
                                                   const Setting& setting = {}) {
  try {
    check_objective(parse_objective(expression), expression, setting);
  } catch (const ExpressionError& error) {
    return {error.column(), error.reason()};
  }
  return {0, "not refused"};
}

}  // namespace nelbo::tests
