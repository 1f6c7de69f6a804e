#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace nelbo {

/// The object that a JSON file holds; repeated keys count once. Throws Error, in one line that names
/// the file, where it cannot be read, is longer than 64 MiB, is not JSON (line and column), or holds
/// anything but an object.
nlohmann::ordered_json read_json_object(const std::string& path);

/// The value that a text holds; a discarded one, is_discarded(), where it is not JSON.
nlohmann::ordered_json parsed_json(const std::string& text);

}  // namespace nelbo
