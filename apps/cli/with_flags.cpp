#include "apps/cli/with_flags.hpp"

#include <cctype>

#include "apps/command_line.hpp"

namespace nelbo {

std::string with_flags(std::string text) {
  const std::string words = "the setting ";
  for (std::size_t at = text.find(words); at != std::string::npos; at = text.find(words, at)) {
    std::size_t end = at + words.size();
    while (end < text.size() &&
           (std::islower(static_cast<unsigned char>(text[end])) || text[end] == '_'))
      ++end;
    const std::string flag = flag_of(text.substr(at + words.size(), end - at - words.size()));
    text.replace(at, end - at, flag);
    at += flag.size();
  }
  return text;
}

}  // namespace nelbo
