#include "apps/reports/remake.hpp"

#include "lab/files/shell_word.hpp"

namespace nelbo {
namespace {

/// The words of {"argv": [...]}; empty where that is not what is there.
std::string command_of(const nlohmann::ordered_json& object) {
  std::vector<std::string> words;
  if (!object.is_object()) return "";
  const auto argv = object.find("argv");
  if (argv == object.end() || !argv->is_array()) return "";
  for (const auto& word : *argv) {
    if (!word.is_string()) return "";
    words.push_back(word.get<std::string>());
  }
  return data::shell_words(words);
}

}  // namespace

std::vector<std::string> commands_of(const RunHistory& run) {
  std::vector<std::string> commands{command_of(run.record)};
  const auto resumed = run.record.find("resumed");
  if (resumed != run.record.end() && resumed->is_array()) {
    for (const auto& part : *resumed) commands.push_back(command_of(part));
  }
  std::erase(commands, "");
  return commands;
}

}  // namespace nelbo
