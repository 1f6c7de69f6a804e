#include "apps/cli/refusal.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <new>
#include <stdexcept>

#include "apps/cli/program_name.hpp"
#include "apps/exit_code.hpp"
#include "autodiff/error.hpp"
#include "autodiff/nearest_name.hpp"
#include "lab/files/one_line.hpp"
#include "lab/files/system_reason.hpp"

namespace nelbo {

std::string unknown_command(const std::string& word, const std::vector<std::string>& commands) {
  return fmt::format("unknown command '{}'; {}", word, suggest(word, commands));
}

int refuse(const std::string& command, const std::string& reason) {
  std::cerr << message_head() << data::one_line(reason) << "\n"
            << message_indent() << "see `" << command << " --help`\n";
  return exit_usage;
}

int refuse_not_finite(const std::string& what) {
  std::cerr << message_head() << data::one_line(what) << " is not finite\n";
  return exit_not_finite;
}

std::string reason_of(const std::exception& error) {
  if (dynamic_cast<const Error*>(&error) != nullptr) return error.what();
  if (const auto* of_file = dynamic_cast<const std::filesystem::filesystem_error*>(&error)) {
    return of_file->path1().string() + ": " + data::system_reason(of_file->code().value());
  }
  const bool memory = dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
                      dynamic_cast<const std::length_error*>(&error) != nullptr;
  if (memory) return "not enough memory";
  return fmt::format(
      "this is a fault of nelbo, please report it with the command that you gave ({})",
      error.what());
}

}  // namespace nelbo
