#pragma once
#include <string>

namespace nelbo::data {

/// The text as one printable line of at most 1,000 characters. Names come out of files: a line
/// break or an escape sequence in one must not reach the terminal.
std::string one_line(std::string text);

}  // namespace nelbo::data
