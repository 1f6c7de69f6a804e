#include "autodiff/threads.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#if defined(__x86_64__)
#include <pmmintrin.h>
#include <xmmintrin.h>
#endif

#include "autodiff/error.hpp"
#include "autodiff/forked.hpp"
#include "autodiff/internal/team.hpp"
#include "autodiff/stopping.hpp"

namespace nelbo {
namespace {

constexpr std::size_t most_threads = 1024;

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
// would make results depend on which thread runs a chunk.
void flush_denormals() {
#if defined(__x86_64__)
  constexpr unsigned flush = _MM_FLUSH_ZERO_ON | _MM_DENORMALS_ZERO_ON;
  const unsigned mode = _mm_getcsr();
  if ((mode & flush) != flush) _mm_setcsr(mode | flush);  // writing it waits for the pipeline
#endif
}

/// The threads that parallel_for runs on; they start when they are first needed.
class Pool {
 public:
  explicit Pool(std::size_t n) : size_(n) {}
  ~Pool() {
    // Of a process that was forked the threads are not here, and nobody can wait for them.
    if (process_ != getpid()) [[maybe_unused]]
      const Team* const of_parent = team_.release();
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  std::size_t size() const { return size_; }
  Team& team() {
    std::call_once(started_, [&] { team_ = std::make_unique<Team>(size_); });
    return *team_;
  }

 private:
  std::size_t size_;
  pid_t process_ = getpid();
  std::once_flag started_;
  std::unique_ptr<Team> team_;
};

std::unique_ptr<Pool>& pool() {
  static auto instance =
      std::make_unique<Pool>(std::min<std::size_t>(cores_allowed(), most_threads));
  return instance;
}

/// What a loop's chunks have in common.
struct Loop {
  ChunkFunction body;
  bool may_stop;
  ChunkTimes* times;
};

void run_chunk(const void* context, std::size_t chunk, std::size_t thread) {
  const Loop& loop = *static_cast<const Loop*>(context);
  const SerialScope nested_calls_run_inline;
  note_worker();
  if (loop.may_stop) stop_if_asked();
  if (loop.times == nullptr) return loop.body(chunk);
  const auto start = std::chrono::steady_clock::now();
  loop.body(chunk);
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  loop.times->add(thread, time.count());
}

}  // namespace

void parallel_for(std::size_t chunks, ChunkFunction body) {
  if (chunks == 0) return;
  const bool may_stop = stoppable();  // of the caller, whose chunks other threads run
  if (!serial && chunks > 1 && num_threads() > 1) {
    ChunkTimes* const times = chunk_times;
    const auto start =
        times ? std::chrono::steady_clock::now() : std::chrono::steady_clock::time_point();
    const Loop loop{body, may_stop, times};
    const bool ran = pool()->team().run(chunks, run_chunk, &loop);
    if (ran && times) {
      const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
      times->add_call(time.count());
    }
    if (ran) return;
  }
  if (!serial) flush_denormals();
  note_worker();
  for (std::size_t i = 0; i < chunks; ++i) {
    if (may_stop) stop_if_asked();
    body(i);
  }
}

void ChunkTimes::attach() { chunk_times = this; }

void ChunkTimes::detach() { chunk_times = nullptr; }

void ChunkTimes::clear() {
  for (Slot& slot : chunks_) slot.seconds = 0;
  inside_ = 0;
}

void set_num_threads(std::size_t n) {
  if (n == 0 || n > most_threads) {
    throw Error("threads: " + std::to_string(n) + " is not between 1 and " +
                std::to_string(most_threads));
  }
  if (pool()->size() == n) return;
  pool().reset();
  pool() = std::make_unique<Pool>(n);
}

void be_forked() { pool() = std::make_unique<Pool>(1); }

std::size_t num_threads() { return pool()->size(); }

std::size_t cores_allowed() {
#if defined(__linux__)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return std::size_t(CPU_COUNT(&allowed));
#endif
  return std::max(1u, std::thread::hardware_concurrency());
}

bool cores_are_far() { return num_threads() > 1 && pool()->team().far(); }

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
