#pragma once
#include <string>
#include <vector>

namespace nelbo {

/// The words that started the program, its own name first.
std::vector<std::string> words_given();

/// Puts others in their place: those that would do from a shell what a host asks for, whose process began
/// with words of its own. None take that back.
void set_words_given(std::vector<std::string> words);

}  // namespace nelbo
