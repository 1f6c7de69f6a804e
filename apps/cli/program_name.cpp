#include "apps/cli/program_name.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <utility>

namespace nelbo {
namespace {

struct Own {
  std::string name = "nelbo";
  std::vector<std::string> commands;
};

Own& own() {
  static Own own;
  return own;
}

bool is_letter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

}  // namespace

const std::string& program_name() { return own().name; }

void set_program_name(const std::string& argv0, std::vector<std::string> commands) {
  const std::string file = std::filesystem::path(argv0).filename().string();
  if (!file.empty()) own().name = file;
  own().commands = std::move(commands);
  own().commands.emplace_back("COMMAND");
}

std::string in_own_name(const std::string& text) {
  static const std::string word = "nelbo ";
  const std::vector<std::string>& commands = own().commands;
  std::string told;
  for (std::size_t at = 0; at < text.size();) {
    const bool starts = text.compare(at, word.size(), word) == 0 &&
                        (at == 0 || !(is_letter(text[at - 1]) || text[at - 1] == '/'));
    std::size_t end = at + word.size();
    while (starts && end < text.size() && is_letter(text[end])) ++end;
    const std::string command =
        starts ? text.substr(at + word.size(), end - at - word.size()) : std::string();
    if (starts && std::find(commands.begin(), commands.end(), command) != commands.end()) {
      told += program_name() + " ";
      at += word.size();
    } else {
      told += text[at++];
    }
  }
  return told;
}

std::string message_head() { return program_name() + ": "; }

std::string message_indent() { return std::string(message_head().size(), ' '); }

}  // namespace nelbo
