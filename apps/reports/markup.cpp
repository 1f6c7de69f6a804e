#include "apps/reports/markup.hpp"

#include <cstddef>
#include <cstdint>

namespace nelbo::gradvar {
namespace {

/// Bytes of the character that starts here; 0 where it is none that XML allows.
std::size_t length_of_character(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return std::uint32_t(static_cast<unsigned char>(text[i]));
  };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return first >= 0x20 || first == '\t' || first == '\n' || first == '\r';
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
  if (length == 0 || first > 0xF4 || length > text.size()) return 0;
  std::uint32_t code = first & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3F);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  const bool none = code == 0xFFFE || code == 0xFFFF || code > 0x10FFFF;
  return overlong || surrogate || none ? 0 : length;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string all;
  while (!text.empty()) {
    const std::size_t length = length_of_character(text);
    if (length == 0) {
      all += "\xEF\xBF\xBD";
    } else if (text[0] == '&') {
      all += "&amp;";
    } else if (text[0] == '<') {
      all += "&lt;";
    } else if (text[0] == '>') {
      all += "&gt;";
    } else if (text[0] == '"') {
      all += "&quot;";
    } else if (text[0] == '\'') {
      all += "&#39;";
    } else {
      all += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return all;
}

}  // namespace nelbo::gradvar
