#include "apps/cli/print_json.hpp"

#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

namespace nelbo {

std::string json_text(const nlohmann::ordered_json& object) {
  const std::string text =
      object.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  // JSON lets DEL and C1 stand in a string as they are: two bytes, C2 80 to C2 9F.
  std::string shown;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = [&](std::size_t at) {
      return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
    };
    const bool c1 = byte(i) == 0xC2 && byte(i + 1) >= 0x80 && byte(i + 1) < 0xA0;
    if (c1) {
      shown += fmt::format("\\u{:04x}", byte(++i));
    } else if (byte(i) == 0x7F) {
      shown += "\\u007f";
    } else {
      shown += text[i];
    }
  }
  return shown + "\n";
}

void print_json(const nlohmann::ordered_json& object) { print_json(object, std::cout); }

void print_json(const nlohmann::ordered_json& object, std::ostream& to) { to << json_text(object); }

}  // namespace nelbo
