#include "autodiff/peak.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <thread>
#include <vector>

#include "autodiff/internal/rally.hpp"
#include "autodiff/kernels/dispatch.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

using Clock = std::chrono::steady_clock;

/// Seconds until all of `threads` plain threads have run work(thread). Not the pool: every thread
/// must run once, at the same time.
double seconds_of(std::size_t threads, const std::function<void(std::size_t)>& work) {
  const auto start = Clock::now();
  std::vector<std::thread> others;
  for (std::size_t t = 1; t < threads; ++t) others.emplace_back(work, t);
  work(0);
  for (std::thread& other : others) other.join();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

constexpr int repetitions = 12;

}  // namespace

double measure_fma_peak(std::size_t threads) {
  const kernels::PeakKernels& kernel = active_kernels().peak();
  const std::size_t rounds = std::size_t(2e9) / kernel.fma_flops;
  std::atomic<float> sink{0};  // of all threads; keeps the arithmetic
  double best = 0;
  for (int i = 0; i < repetitions; ++i) {
    const double seconds = seconds_of(threads, [&](std::size_t) {
      sink.store(kernel.fma_f32(rounds), std::memory_order_relaxed);
    });
    best = std::max(best, 1e-9 * double(rounds * kernel.fma_flops * threads) / seconds);
  }
  return best;
}

double measure_bandwidth(std::size_t threads) {
  const kernels::PeakKernels& kernel = active_kernels().peak();
  constexpr std::size_t n = std::size_t(8) << 20;  // floats per thread and array: 32 MiB
  std::vector<std::vector<float>> memory(threads);
  seconds_of(threads, [&](std::size_t t) { memory[t].assign(3 * n, 1.0f); });
  double best = 0;
  for (int i = 0; i < repetitions; ++i) {
    const double seconds = seconds_of(threads, [&](std::size_t t) {
      float* a = memory[t].data();
      kernel.triad_f32(n, 0.5f, a + n, a + 2 * n, a);
    });
    best = std::max(best, 1e-9 * 3 * sizeof(float) * n * double(threads) / seconds);
  }
  return best;
}

double measure_line_latency() {
  if (cores_allowed() < 2) return 0;
  // Until both have a core a tenth of a second may pass; then answers come at once, or they share one.
  constexpr std::uint32_t rounds = 10'000, until_met = 50'000'000, looks = 1'000'000;
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < repetitions; ++i) {
    Rally meeting(until_met), rally(looks);
    std::atomic<bool> played{true};
    const double seconds = seconds_of(2, [&](std::size_t t) {
      const auto side = std::uint32_t(t);
      if (!meeting.play(side, 0, 1) || !rally.play(side, 0, rounds)) played.store(false);
    });
    if (played.load()) best = std::min(best, 1e9 * seconds / rounds);
  }
  return std::isfinite(best) ? best : 0;
}

}  // namespace nelbo
