#include "apps/cli/words_given.hpp"

#include <fstream>
#include <utility>

namespace nelbo {
namespace {

std::vector<std::string>& of_the_host() {
  static std::vector<std::string> words;
  return words;
}

}  // namespace

std::vector<std::string> words_given() {
  if (!of_the_host().empty()) return of_the_host();
  std::ifstream in("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(in, word, '\0');) words.push_back(word);
  return words;
}

void set_words_given(std::vector<std::string> words) { of_the_host() = std::move(words); }

}  // namespace nelbo
