#include "apps/bench/peak_memory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace nelbo {

void forget_peak_memory() {
  const int file = ::open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  [[maybe_unused]] const auto written = ::write(file, "5", 1);  // proc(5): resets the peak
  ::close(file);
}

std::optional<double> peak_memory_mib() {
  std::ifstream status("/proc/self/status");
  std::string key;
  double kib = 0;
  while (status >> key) {
    if (key == "VmHWM:" && status >> kib) return kib / 1024;
    std::getline(status, key);
  }
  return std::nullopt;
}

}  // namespace nelbo
