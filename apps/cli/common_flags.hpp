#pragma once
// Flags that several commands share, read strictly: "--batch 1e99", "--lr nan" and "--seed -1" are
// refused with the flag's name and what it takes, whatever the parser library's own conversions
// would make of them.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

namespace nelbo {

/// A whole number in [least, most]: decimal digits only.
CLI::Option* add_whole_number(CLI::App& command, const std::string& flag, std::int64_t& value,
                              std::int64_t least, std::int64_t most, const std::string& help);
/// The same where an absent flag means something else than any number does.
CLI::Option* add_whole_number(CLI::App& command, const std::string& flag,
                              std::optional<std::int64_t>& value, std::int64_t least,
                              std::int64_t most, const std::string& help);

/// A finite number in (above, most].
CLI::Option* add_real_number(CLI::App& command, const std::string& flag, double& value,
                             double above, double most, const std::string& help);

/// What every computing command takes.
struct CommonFlags {
  std::optional<std::int64_t> threads;  // 1..1024
  std::optional<std::int64_t> seed;     // 0..2^63 - 1
  bool json = false;

  /// Sets the number of worker threads: --threads, or default_threads().
  void apply_threads() const;
};

/// Adds --threads, --seed and --json. `flags` must live until the command has run.
void add_common_flags(CLI::App& command, CommonFlags& flags, const std::string& seed_help);

/// Cores that this process may use: its affinity mask, and no more than the CPU quota of its
/// control group.
std::size_t default_threads();

/// The quota in a cgroup v2 file `cpu.max` ("200000 100000" is 2 cores; "max 100000" none), rounded
/// up; 0 if there is none.
std::size_t cpu_quota(const std::string& cpu_max);

}  // namespace nelbo
