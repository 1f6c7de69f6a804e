#pragma once
#include <atomic>
#include <cstddef>
#include <thread>

#include "autodiff/threads.hpp"

namespace nelbo {

/// Runs first(0) ... first(firsts - 1), then second(0) ... second(seconds - 1), as one
/// parallel_for: a barrier between the two costs less than a second start of the threads. Jobs are
/// taken in order, and a second job waits until the last first job is done, so that whoever waits,
/// waits for a job that is running. `serial` runs all of them on the calling thread.
template <class First, class Second>
void run_two_phases(bool serial, std::size_t firsts, First first, std::size_t seconds,
                    Second second) {
  if (serial) {
    for (std::size_t i = 0; i < firsts; ++i) first(i);
    for (std::size_t i = 0; i < seconds; ++i) second(i);
    return;
  }
  std::atomic<std::size_t> next{0}, done{0};
  parallel_for(firsts + seconds, [&](std::size_t) {
    const std::size_t i = next.fetch_add(1, std::memory_order_relaxed);
    if (i < firsts) {
      first(i);
      done.fetch_add(1, std::memory_order_release);
      return;
    }
    for (unsigned spins = 0; done.load(std::memory_order_acquire) < firsts; ++spins) {
      if (spins > 1000) std::this_thread::yield();
    }
    second(i - firsts);
  });
}

}  // namespace nelbo
