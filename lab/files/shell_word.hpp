#pragma once
#include <string>

namespace nelbo::data {

/// A word as a shell reads it back: quoted where it must be.
std::string shell_word(const std::string& word);

}  // namespace nelbo::data
