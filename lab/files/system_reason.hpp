#pragma once
#include <string>

namespace nelbo::data {

/// What errno says of a file, with the way out where the system's own words leave it open: "the
/// name is too long (at most 255 bytes a part, 4095 in all)".
std::string system_reason(int error);

}  // namespace nelbo::data
