#pragma once
#include <cstddef>
#include <string>

#include "autodiff/error.hpp"
#include "objectives/term.hpp"

namespace nelbo {

/// A wrong expression: the message shows it with a caret under the column.
class ExpressionError : public Error {
 public:
  ExpressionError(const std::string& expression, std::size_t column, const std::string& reason);
  /// Counted from 1.
  std::size_t column() const { return column_; }

 private:
  std::size_t column_;
};

/// Reads an objective: numbers, + - * /, parentheses and the terms of term_catalogue(), with
/// arguments.
///
///   parse_objective("nell + 4*div")
///
/// Throws ExpressionError for anything else, numbers that are not finite, an expression without a
/// term, longer than 4,096 characters or nested deeper than 64.
Term parse_objective(const std::string& expression);

}  // namespace nelbo
