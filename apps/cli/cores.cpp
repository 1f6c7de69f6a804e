#include "apps/cli/cores.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

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

std::size_t cpu_quota(const std::string& cpu_max) {
  std::istringstream text(cpu_max);
  double quota = 0, period = 0;
  if (!(text >> quota >> period) || quota <= 0 || period <= 0) return 0;
  return std::size_t(std::ceil(quota / period));
}

std::size_t default_threads() {
  const std::size_t cores = cores_allowed();
  const std::size_t quota = control_group_quota();
  return std::clamp<std::size_t>(quota == 0 ? cores : std::min(cores, quota), 1, 1024);
}

}  // namespace nelbo
