// The threads that chunks run on.
#include "autodiff/threads.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/forked.hpp"
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

TEST_CASE("threads: after what a chunk threw, loops run as before") {
  const ThreadsRestored restored;
  set_num_threads(4);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::atomic<int>> runs(64);
    const bool throws = round % 2 == 0;
    const auto body = [&](std::size_t i) {
      ++runs[i];
      if (throws && i % 16 == 3) throw Error("three");
    };
    if (throws) {
      REQUIRE_THROWS_AS(parallel_for(64, body), Error);
      for (const auto& count : runs) REQUIRE(count <= 1);
    } else {
      parallel_for(64, body);
      for (const auto& count : runs) REQUIRE(count == 1);
    }
  }
}

TEST_CASE(
    "threads: a chunk has a home: the same thread runs it at every loop that keeps all at work") {
  const ThreadsRestored restored;
  set_num_threads(2);
  std::vector<std::thread::id> first;
  int differ = 0;
  for (int loop = 0; loop < 50; ++loop) {
    std::vector<std::thread::id> ran(8);
    std::atomic<int> begun{
        0};  // of the homes' first chunks, for which all wait: nobody can take another's
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    parallel_for(8, [&](std::size_t i) {
      ran[i] = std::this_thread::get_id();
      if (i % 4 == 0) ++begun;
      while (begun < 2 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    });
    CHECK(ran[0] == std::this_thread::get_id());
    CHECK(ran[4] != ran[0]);
    if (first.empty()) first = ran;
    for (std::size_t i = 0; i < 8; i += 4) differ += ran[i] != first[i];
  }
  CHECK(differ == 0);
}

TEST_CASE("threads: loops of several threads at once each run every chunk once") {
  const ThreadsRestored restored;
  set_num_threads(3);
  std::atomic<int> wrong{0};
  const auto caller = [&] {
    for (int loop = 0; loop < 300; ++loop) {
      std::vector<std::atomic<int>> runs(20);
      parallel_for(20, [&](std::size_t i) {
        parallel_for(3, [&](std::size_t) { ++runs[i]; });  // nested: inline
      });
      for (const auto& count : runs) wrong += count != 3;
    }
  };
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; ++i) callers.emplace_back(caller);
  for (std::thread& one : callers) one.join();
  CHECK(wrong == 0);
}

TEST_CASE("threads: loops that come after a rest find their threads again") {
  const ThreadsRestored restored;
  set_num_threads(2);
  for (int rest = 0; rest < 5; ++rest) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // they sleep by then
    std::atomic<int> runs{0};
    for (int loop = 0; loop < 20; ++loop) parallel_for(7, [&](std::size_t) { ++runs; });
    CHECK(runs == 140);
  }
}

#if !defined(__SANITIZE_THREAD__)  // which a process of several threads may not fork under
TEST_CASE("threads: a child that was forked computes alone, and ends as any process does") {
  const ThreadsRestored restored;
  set_num_threads(3);
  parallel_for(9, [](std::size_t) {});  // they run
  for (const bool told : {true, false}) {
    CAPTURE(told);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      alarm(10);  // what hangs is ended by it
      if (told) {
        be_forked();
        int runs = 0;  // no atomic: this thread alone
        parallel_for(9, [&](std::size_t) { ++runs; });
        if (runs != 9) _exit(1);
      }
      std::exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
}
#endif

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
