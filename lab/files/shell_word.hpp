#pragma once
#include <string>
#include <vector>

namespace nelbo::data {

/// A word as a shell reads it back: quoted where it must be.
std::string shell_word(const std::string& word);

/// The words of a command, each so, in one line.
std::string shell_words(const std::vector<std::string>& words);

}  // namespace nelbo::data
