#include "apps/cli/common_flags.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

std::int64_t whole_number(const std::string& flag, const std::string& text, std::int64_t least,
                          std::int64_t most) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) {
    throw CLI::ValidationError(
        flag, fmt::format("'{}' is not a whole number from {} to {}", text, least, most));
  }
  return value;
}

/// The first line of a file, empty if it cannot be read.
std::string first_line(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// The smallest quota on the way from this process's control group to the root; 0 if there is none.
std::size_t control_group_quota() {
  std::ifstream groups("/proc/self/cgroup");
  std::string group;  // version 2 has the line "0::/user.slice/..."
  while (std::getline(groups, group) && group.rfind("0::/", 0) != 0) continue;
  if (group.rfind("0::/", 0) != 0) return 0;
  const std::string root = "/sys/fs/cgroup";
  std::size_t least = 0;
  for (std::filesystem::path folder = root + group.substr(3); folder.string().rfind(root, 0) == 0;
       folder = folder.parent_path()) {
    const std::size_t quota = cpu_quota(first_line(folder / "cpu.max"));
    if (quota != 0) least = least == 0 ? quota : std::min(least, quota);
  }
  return least;
}

}  // namespace

CLI::Option* add_whole_number(CLI::App& command, const std::string& flag, std::int64_t& value,
                              std::int64_t least, std::int64_t most, const std::string& help) {
  return command
      .add_option_function<std::string>(
          flag,
          [flag, &value, least, most](const std::string& text) {
            value = whole_number(flag, text, least, most);
          },
          help)
      ->type_name("N")
      ->default_str(std::to_string(value));
}

CLI::Option* add_whole_number(CLI::App& command, const std::string& flag,
                              std::optional<std::int64_t>& value, std::int64_t least,
                              std::int64_t most, const std::string& help) {
  return command
      .add_option_function<std::string>(
          flag,
          [flag, &value, least, most](const std::string& text) {
            value = whole_number(flag, text, least, most);
          },
          help)
      ->type_name("N");
}

CLI::Option* add_real_number(CLI::App& command, const std::string& flag, double& value,
                             double above, double most, const std::string& help) {
  return command
      .add_option_function<std::string>(
          flag,
          [flag, &value, above, most](const std::string& text) {
            double number = 0;
            const auto [end, error] =
                std::from_chars(text.data(), text.data() + text.size(), number);
            if (error != std::errc{} || end != text.data() + text.size() ||
                !(number > above && number <= most)) {
              throw CLI::ValidationError(
                  flag,
                  fmt::format("'{}' is not a number above {}, at most {}", text, above, most));
            }
            value = number;
          },
          help)
      ->type_name("X")
      ->default_str(fmt::format("{}", value));
}

void CommonFlags::apply_threads() const {
  set_num_threads(threads ? std::size_t(*threads) : default_threads());
}

void add_common_flags(CLI::App& command, CommonFlags& flags, const std::string& seed_help) {
  add_whole_number(
      command, "--threads", flags.threads, 1, 1024,
      "worker threads; results do not depend on them [the cores this process may use]");
  add_whole_number(command, "--seed", flags.seed, 0, INT64_MAX, seed_help);
  command.add_flag("--json", flags.json, "print the result as one JSON object on stdout");
}

std::size_t cpu_quota(const std::string& cpu_max) {
  std::istringstream text(cpu_max);
  double quota = 0, period = 0;
  if (!(text >> quota >> period) || quota <= 0 || period <= 0) return 0;
  return std::size_t(std::ceil(quota / period));
}

std::size_t default_threads() {
  std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
#if defined(__linux__)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) cores = std::size_t(CPU_COUNT(&allowed));
#endif
  const std::size_t quota = control_group_quota();
  return std::clamp<std::size_t>(quota == 0 ? cores : std::min(cores, quota), 1, 1024);
}

}  // namespace nelbo
