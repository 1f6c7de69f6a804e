#pragma once
#include <string>
#include <vector>

namespace nelbo {

/// One kernel at one size, against what binds it: arithmetic or memory.
struct KernelTime {
  std::string name;
  double us;        // median time of a call
  double gflops;    // arithmetic done per second; 0 where none is counted
  double gb_per_s;  // bytes read and written per second, each counted once
  bool bound_by_memory;
  double share;  // of the fused-multiply-add peak, or of the bandwidth
};

struct KernelReport {
  double peak_gflops;
  double bandwidth_gb_per_s;
  std::vector<KernelTime> kernels;
};

/// Times all kernels on the threads in use, about `seconds` each.
KernelReport bench_all_kernels(double seconds);

}  // namespace nelbo
