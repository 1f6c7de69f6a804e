#include "autodiff/threads.hpp"

#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#if defined(__x86_64__)
#include <pmmintrin.h>
#include <xmmintrin.h>
#endif

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

#include "autodiff/error.hpp"
#include "autodiff/forked.hpp"
#include "autodiff/stopping.hpp"

namespace nelbo {
namespace {

thread_local bool serial = false;
thread_local unsigned seen_epoch = 0;
thread_local ChunkTimes* chunk_times = nullptr;
std::atomic<unsigned> epoch{1};
std::atomic<std::size_t> workers{0};

void note_worker() {
  const unsigned now = epoch.load(std::memory_order_relaxed);
  if (seen_epoch != now) {
    seen_epoch = now;
    workers.fetch_add(1, std::memory_order_relaxed);
  }
}

// Denormals cost up to a hundred times as much as other numbers; flushing them on some threads only
// would make results depend on which thread runs a chunk. Done before every chunk, for TBB sets the
// worker's floating-point mode to its own idea of it before every task.
void flush_denormals() {
#if defined(__x86_64__)
  constexpr unsigned flush = _MM_FLUSH_ZERO_ON | _MM_DENORMALS_ZERO_ON;
  const unsigned mode = _mm_getcsr();
  if ((mode & flush) != flush) _mm_setcsr(mode | flush);  // writing it waits for the pipeline
#endif
}

// libtbb is not built for the thread sanitizer, which therefore does not see that it orders the
// chunks after what the caller did before, and what the caller does next after the chunks. Two
// tags: one alone would also order the chunks among each other, and hide their races.
#if defined(__SANITIZE_THREAD__)
char before_chunks, after_chunks;
void release(char& tag) { __tsan_release(&tag); }
void acquire(char& tag) { __tsan_acquire(&tag); }
#define NELBO_TSAN(call) call
#else
#define NELBO_TSAN(call) (void)0
#endif

/// Calls body(i); where somebody counts, with the time it takes.
void run_chunk(ChunkFunction body, std::size_t i, ChunkTimes* times) {
  if (times == nullptr) return body(i);
  const auto start = std::chrono::steady_clock::now();
  body(i);
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  times->add(std::size_t(tbb::this_task_arena::current_thread_index()), time.count());
}

struct Pool {
  explicit Pool(std::size_t n)
      : size(n),
        limit(tbb::global_control::max_allowed_parallelism, n),
        arena(static_cast<int>(n)) {}
  std::size_t size;
  tbb::global_control limit;  // an arena alone does not start more workers than there are cores
  tbb::task_arena arena;
};

std::unique_ptr<Pool>& pool() {
  static auto instance =
      std::make_unique<Pool>(std::max(1, tbb::this_task_arena::max_concurrency()));
  return instance;
}

}  // namespace

void parallel_for(std::size_t chunks, ChunkFunction body) {
  if (chunks == 0) return;
  const bool may_stop = stoppable();  // of the caller, whose chunks other threads run
  if (serial || chunks == 1 || num_threads() == 1) {
    if (!serial) flush_denormals();
    note_worker();
    for (std::size_t i = 0; i < chunks; ++i) {
      if (may_stop) stop_if_asked();
      body(i);
    }
    return;
  }
  ChunkTimes* const times = chunk_times;
  const auto start =
      times ? std::chrono::steady_clock::now() : std::chrono::steady_clock::time_point();
  pool()->arena.execute([&] {
    tbb::this_task_arena::isolate([&] {
      const auto chunk = [&](std::size_t i) {
        NELBO_TSAN(acquire(before_chunks));
        SerialScope nested_calls_run_inline;
        note_worker();
        if (may_stop) stop_if_asked();
        run_chunk(body, i, times);
        NELBO_TSAN(release(after_chunks));
      };
      NELBO_TSAN(release(before_chunks));
      tbb::parallel_for(std::size_t{0}, chunks, chunk, tbb::simple_partitioner());
    });
  });
  NELBO_TSAN(acquire(after_chunks));
  if (times) {
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    times->add_call(time.count());
  }
}

void ChunkTimes::attach() { chunk_times = this; }

void ChunkTimes::detach() { chunk_times = nullptr; }

void ChunkTimes::clear() {
  for (Slot& slot : chunks_) slot.seconds = 0;
  inside_ = 0;
}

void set_num_threads(std::size_t n) {
  if (n == 0 || n > 1024) {
    throw Error("threads: " + std::to_string(n) + " is not between 1 and 1024");
  }
  if (pool()->size == n) return;
  pool().reset();
  pool() = std::make_unique<Pool>(n);
}

void be_forked() {
  // Not destroyed: that would wait for threads that are not here.
  [[maybe_unused]] const Pool* const of_parent = pool().release();
  pool() = std::make_unique<Pool>(1);
}

std::size_t num_threads() { return pool()->size; }

std::size_t workers_seen() { return workers.load(); }

void reset_workers_seen() {
  workers = 0;
  epoch.fetch_add(1);
}

SerialScope::SerialScope() : before_(serial) {
  serial = true;
  flush_denormals();
}
SerialScope::~SerialScope() { serial = before_; }

}  // namespace nelbo
