#include "apps/cli/read_json.hpp"

#include <algorithm>

#include "apps/cli/fail.hpp"
#include "lab/files/input.hpp"

namespace nelbo {
namespace {

constexpr std::uint64_t most_bytes = std::uint64_t{64} << 20;

std::string read_small(const std::string& path) {
  const auto input = data::Input::open(path);
  if (input->size() > most_bytes) {
    fail(path, "is {} bytes long; at most {} are read", input->size(), most_bytes);
  }
  std::string text(std::size_t(input->size()), '\0');
  text.resize(input->read_at(0, text.data(), text.size()));
  return text;
}

}  // namespace

nlohmann::ordered_json read_json_object(const std::string& path) {
  const std::string text = read_small(path);
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) fail(path, "is empty, and not JSON");
  try {
    auto json = nlohmann::ordered_json::parse(text);
    if (json.is_object()) return json;
    fail(path, "holds {} where an object was wanted", json.type_name());
  } catch (const nlohmann::json::parse_error& error) {
    const std::string_view read(text.data(), std::min(error.byte, text.size()));
    const std::size_t start = read.rfind('\n') + 1;  // npos + 1 is 0
    fail(path, "is not JSON, or is cut short, at line {}, column {}",
         1 + std::count(read.begin(), read.end(), '\n'), read.size() - start + 1);
  } catch (const nlohmann::json::exception&) {  // a number beyond double
    fail(path, "is not JSON that can be read: a number in it is too large");
  }
}

nlohmann::ordered_json parsed_json(const std::string& text) {
  return nlohmann::ordered_json::parse(text, nullptr, false);
}

}  // namespace nelbo
