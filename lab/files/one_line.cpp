#include "lab/files/one_line.hpp"

namespace nelbo::data {

std::string one_line(std::string text) {
  constexpr std::size_t longest = 1000;
  for (char& c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20 || code == 0x7f) c = '?';
  }
  if (text.size() > longest) text = text.substr(0, longest) + "...";
  return text;
}

}  // namespace nelbo::data
