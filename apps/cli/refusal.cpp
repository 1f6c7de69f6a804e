#include "apps/cli/refusal.hpp"

#include <fmt/format.h>

#include <iostream>

#include "apps/cli/program_name.hpp"
#include "apps/exit_code.hpp"
#include "autodiff/nearest_name.hpp"

namespace nelbo {

std::string unknown_command(const std::string& word, const std::vector<std::string>& commands) {
  return fmt::format("unknown command '{}'; {}", word, suggest(word, commands));
}

int refuse(const std::string& command, const std::string& reason) {
  std::cerr << message_head() << reason << "\n"
            << message_indent() << "see `" << command << " --help`\n";
  return exit_usage;
}

}  // namespace nelbo
