#include "lab/files/shell_word.hpp"

#include <cctype>

namespace nelbo::data {

std::string shell_word(const std::string& word) {
  std::string quoted = "'";
  bool plain = !word.empty();
  for (const char c : word) {
    plain &= std::isalnum(static_cast<unsigned char>(c)) ||
             std::string("/._+-=,:").find(c) != std::string::npos;
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return plain ? word : quoted + "'";
}

}  // namespace nelbo::data
