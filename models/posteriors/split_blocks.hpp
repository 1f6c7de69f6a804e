#pragma once
#include <string>
#include <vector>

namespace nelbo {

/// The parts of "diagonal:8+bernoulli:4", between the plus signs.
inline std::vector<std::string> split_blocks(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == '+') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

}  // namespace nelbo
