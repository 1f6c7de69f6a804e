#pragma once
#include <cstddef>
#include <string>

#include "autodiff/error.hpp"

namespace nelbo {

/// A wrong expression: the message shows it with a caret under the column.
class ExpressionError : public Error {
 public:
  ExpressionError(const std::string& expression, std::size_t column, const std::string& reason);
  /// Counted from 1.
  std::size_t column() const { return column_; }
  /// The message without the expression.
  const std::string& reason() const { return reason_; }

 private:
  std::size_t column_;
  std::string reason_;
};

/// The character that begins at a byte of the expression, in quotes: all bytes of it, a control
/// character as a space.
std::string character_at(const std::string& expression, std::size_t at);

}  // namespace nelbo
