#pragma once
#include <optional>

namespace nelbo {

/// From now on peak_memory_mib() tells of what comes, where the system can forget (Linux).
void forget_peak_memory();
/// The largest resident size of this process, MiB; nothing where the system does not tell.
std::optional<double> peak_memory_mib();

}  // namespace nelbo
