#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "apps/command_line.hpp"

namespace nelbo {

/// What every computing command takes.
struct CommonFlags {
  std::optional<std::int64_t> threads;  // 1..1024
  std::optional<std::int64_t> seed;     // 0..2^63 - 1
  bool json = false;
  bool quiet = false;  // no header, no progress

  /// Sets the number of worker threads: --threads, or default_threads().
  void apply_threads() const;
};

/// Adds --threads, --seed, --quiet and --json. `flags` must live until the command has run.
void add_common_flags(CommandLine& command, CommonFlags& flags, const std::string& seed_help);

}  // namespace nelbo
