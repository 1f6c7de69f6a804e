#pragma once
#include <string>

namespace nelbo {

/// A text of the laboratory, which speaks of "the setting label", as the program says it: "--label".
std::string with_flags(std::string text);

}  // namespace nelbo
