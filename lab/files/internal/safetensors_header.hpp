#pragma once
#include <string>
#include <string_view>

#include "lab/files/safetensors.hpp"

namespace nelbo::safetensors {

/// The parsed JSON of a safetensors header.
struct Header {
  std::map<std::string, Entry> entries;
  Metadata metadata;
};

/// Parses the JSON without building a document, so memory stays in step with the entries. Throws
/// Error naming `file` for JSON errors, missing or unknown fields, wrong types, and names given
/// twice. Offsets are not checked.
Header parse_header(const std::string& file, std::string_view json);

}  // namespace nelbo::safetensors
