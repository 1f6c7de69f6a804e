#pragma once
#include <cstddef>

namespace nelbo {

/// GFLOP/s of independent float32 fused multiply-adds on `threads` threads at once, best of several
/// short runs: what the instruction set in use can do on this machine, and what shares of peak
/// refer to.
double measure_fma_peak(std::size_t threads);

/// GB/s of a = b + s c over arrays beyond the caches on `threads` threads (reads and the write
/// counted once).
double measure_bandwidth(std::size_t threads);

/// Nanoseconds that a cache line takes from one core to another and back, best of several short runs: what
/// threads that share data pay. 0 where the process may use one core only, or got no second one.
double measure_line_latency();

}  // namespace nelbo
