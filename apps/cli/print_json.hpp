#pragma once
#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace nelbo {

/// The object as indented text that ends with a line break. Numbers that are not finite become null,
/// bytes of file names that are not UTF-8 a replacement character, and control characters, DEL and C1
/// among them, \u009b.
std::string json_text(const nlohmann::ordered_json& object);

/// Prints the one object that --json promises on stdout.
void print_json(const nlohmann::ordered_json& object);
void print_json(const nlohmann::ordered_json& object, std::ostream& to);

}  // namespace nelbo
