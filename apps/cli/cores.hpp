#pragma once
#include <cstddef>
#include <string>

namespace nelbo {

/// Cores that this process may use: its affinity mask, and no more than the CPU quota of its
/// control group.
std::size_t default_threads();

/// The quota in a cgroup v2 file `cpu.max` ("200000 100000" is 2 cores; "max 100000" none), rounded
/// up; 0 if there is none.
std::size_t cpu_quota(const std::string& cpu_max);

}  // namespace nelbo
