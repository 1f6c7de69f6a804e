#include "lab/files/one_line.hpp"

#include <cstdint>

namespace nelbo::data {
namespace {

/// Bytes of the UTF-8 character (RFC 3629) that starts `text`, and its code point; 0 if it is none.
std::size_t utf8_character(std::string_view text, std::uint32_t& code) {
  const auto byte = [&](std::size_t i) {
    return std::uint32_t(static_cast<unsigned char>(text[i]));
  };
  const std::uint32_t first = byte(0);
  code = first;
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
  if (length == 0 || first > 0xF4 || length > text.size()) return 0;
  code = first & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3F);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  return overlong || surrogate || code > 0x10FFFF ? 0 : length;
}

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

std::size_t shown_character(std::string_view text) {
  std::uint32_t code = 0;
  const std::size_t length = utf8_character(text, code);
  const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  const bool none = code == 0xFFFE || code == 0xFFFF;  // XML forbids them
  return control || none ? 0 : length;
}

std::string printable(std::string_view text, std::string_view kept) {
  constexpr const char* digits = "0123456789abcdef";
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    std::size_t length = shown_character(text);
    if (length == 0 && kept.find(text[0]) != std::string_view::npos) length = 1;
    if (length > 0) {
      shown += text.substr(0, length);
    } else {
      const auto byte = static_cast<unsigned char>(text[0]);
      shown += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return shown;
}

std::string one_line(std::string_view text) {
  constexpr std::size_t longest = 1000, end = 400;
  constexpr std::string_view gap = " ... ";
  // What is cut out anyway needs no escaping: a byte is shown as 1 to 4.
  std::string line = text.size() <= 2 * longest
                         ? printable(text, "")
                         : printable(text.substr(0, longest), "") +
                               printable(text.substr(text.size() - longest), "");
  if (line.size() <= longest) return line;
  std::size_t head = longest - end - gap.size(), tail = line.size() - end;
  while (continues(line[head])) --head;
  while (continues(line[tail])) ++tail;
  return line.substr(0, head).append(gap).append(line, tail);
}

bool is_utf8(std::string_view text) {
  std::uint32_t code = 0;
  while (!text.empty()) {
    const std::size_t length = utf8_character(text, code);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::u32string code_points(std::string_view text) {
  constexpr char32_t replacement = 0xFFFD;
  std::u32string characters;
  std::uint32_t code = 0;
  while (!text.empty()) {
    const std::size_t length = utf8_character(text, code);
    characters += length == 0 ? replacement : char32_t(code);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return characters;
}

}  // namespace nelbo::data
