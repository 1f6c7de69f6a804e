#include "apps/cli/words_given.hpp"

#include <fstream>

namespace nelbo {

std::vector<std::string> words_given() {
  std::ifstream in("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(in, word, '\0');) words.push_back(word);
  return words;
}

}  // namespace nelbo
