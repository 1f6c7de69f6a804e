// The threads that chunks run on.
#include "autodiff/threads.hpp"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "autodiff/error.hpp"
#include "tests/catch.hpp"

using namespace nelbo;

namespace {

struct ThreadsRestored {
  std::size_t before = num_threads();
  ~ThreadsRestored() { set_num_threads(before); }
};

/// Runs 100 chunks, each of which stays until so many workers have come, at most 10 s.
template <class Body>
void on_all_workers(std::size_t threads, const Body& body) {
  set_num_threads(threads);
  reset_workers_seen();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  parallel_for(100, [&](std::size_t i) {
    body(i);
    while (workers_seen() < threads && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  CHECK(workers_seen() == threads);
}

/// The smallest normal float, halved by a multiplication that the compiler cannot do.
float half_of_smallest() {
  volatile float smallest = 1.17549435e-38f, half = 0.5f;
  return smallest * half;
}

}  // namespace

TEST_CASE("threads: every chunk runs once, on as many workers as were asked for") {
  const ThreadsRestored restored;
  for (const std::size_t threads : {1, 2, 7}) {
    CAPTURE(threads);
    std::vector<std::atomic<int>> runs(100);
    on_all_workers(threads, [&](std::size_t i) { ++runs[i]; });
    for (const auto& count : runs) CHECK(count == 1);
  }
}

TEST_CASE("threads: what a chunk throws reaches the caller") {
  const ThreadsRestored restored;
  for (const std::size_t threads : {1, 2}) {
    set_num_threads(threads);
    const auto throws_once = [](std::size_t i) {
      if (i == 5) throw Error("five");
    };
    CHECK_THROWS_AS(parallel_for(8, throws_once), Error);
  }
}

#if defined(__x86_64__)
TEST_CASE("threads: denormals are flushed in every chunk, whichever thread runs it") {
  const ThreadsRestored restored;
  // Not in growing order: chunks of a single thread run on the caller, and change its mode for
  // good.
  for (const std::size_t threads : {7, 2, 1}) {
    CAPTURE(threads);
    std::atomic<int> denormals{0};
    on_all_workers(threads, [&](std::size_t) { denormals += half_of_smallest() != 0; });
    CHECK(denormals == 0);
  }
}
#endif
