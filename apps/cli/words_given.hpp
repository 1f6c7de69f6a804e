#pragma once
#include <string>
#include <vector>

namespace nelbo {

/// The words that started the program, its own name first.
std::vector<std::string> words_given();

}  // namespace nelbo
