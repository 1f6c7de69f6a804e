#include "autodiff/number_text.hpp"

#include <charconv>

namespace nelbo {

std::string shortest(double value) {
  char digits[32];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace nelbo
