#include "autodiff/internal/team.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>
#include <utility>

#include "autodiff/error.hpp"
#include "autodiff/internal/partition.hpp"
#include "autodiff/internal/rally.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace nelbo {
namespace {

using Clock = std::chrono::steady_clock;

// Who waits looks again and again, for what it waits for is mostly microseconds away; then it lets others
// have the core; at last it sleeps, and to be woken takes several microseconds.
constexpr int looks = 2000;
constexpr std::chrono::microseconds until_asleep{500};

constexpr std::size_t loops_between_measurements = 256;
constexpr std::uint32_t rally_rounds = 24, rally_looks = 20'000;

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

// A range of chunks in one word, so that one exchange takes a chunk.
constexpr std::uint64_t range(std::uint64_t begin, std::uint64_t end) { return end << 32 | begin; }
constexpr std::uint32_t begin_of(std::uint64_t range) { return std::uint32_t(range); }
constexpr std::uint32_t end_of(std::uint64_t range) { return std::uint32_t(range >> 32); }
constexpr bool empty(std::uint64_t range) { return begin_of(range) >= end_of(range); }

enum class From { front, back };  // who is at home takes at the front, others at the back

template <From from>
bool take(std::atomic<std::uint64_t>& home, std::size_t& chunk) {
  std::uint64_t now = home.load(std::memory_order_relaxed);
  while (!empty(now)) {
    const std::uint64_t rest = from == From::front ? range(begin_of(now) + 1, end_of(now))
                                                   : range(begin_of(now), end_of(now) - 1);
    if (home.compare_exchange_weak(now, rest, std::memory_order_acquire,
                                   std::memory_order_relaxed)) {
      chunk = from == From::front ? begin_of(now) : end_of(now) - 1;
      return true;
    }
  }
  return false;
}

}  // namespace

Team::Team(std::size_t threads) : seats_(threads), far_seats_(threads, false) {
  for (std::size_t t = 1; t < threads; ++t) workers_.emplace_back([this, t] { work(t); });
}

Team::~Team() {
  ending_.store(true);
  for (Seat& seat : seats_) {
    seat.asleep.store(0);
    seat.asleep.notify_one();
  }
  for (std::thread& worker : workers_) worker.join();
}

void Team::run_chunk(const Seat& seat, std::size_t chunk, std::size_t thread) {
  if (failed_.load(std::memory_order_relaxed)) return;
  try {
    seat.task(seat.context, chunk, thread);
  } catch (...) {
    const std::lock_guard lock(failing_);
    if (!failed_.exchange(true)) failure_ = std::current_exception();
  }
}

std::size_t Team::run_home(std::size_t thread) {
  Seat& seat = seats_[thread];
  std::size_t count = 0;
  for (std::size_t chunk; take<From::front>(seat.home, chunk); ++count) {
    run_chunk(seat, chunk, thread);
  }
  return count;
}

std::size_t Team::run_others(std::size_t thread) {
  std::size_t count = 0;
  for (std::size_t i = 1; i < seats_.size(); ++i) {
    Seat& seat = seats_[(thread + i) % seats_.size()];
    for (std::size_t chunk; take<From::back>(seat.home, chunk); ++count) {
      run_chunk(seat, chunk, thread);
    }
  }
  return count;
}

void Team::wait_for_work(Seat& seat) const {
  const auto nothing = [&](std::memory_order order) {
    return empty(seat.home.load(order)) && !ending_.load(order);
  };
  for (int i = 0; i < looks; ++i) {
    if (!nothing(std::memory_order_relaxed)) return;
    pause();
  }
  for (const auto start = Clock::now(); Clock::now() - start < until_asleep;) {
    if (!nothing(std::memory_order_relaxed)) return;
    std::this_thread::yield();
  }
  // Either this sees what give() gave, or give() sees that this sleeps: both are sequentially consistent.
  seat.asleep.store(1);
  if (nothing(std::memory_order_seq_cst)) seat.asleep.wait(1);
  seat.asleep.store(0);
}

void Team::give(Seat& seat, std::uint64_t home, Task task, const void* context) {
  seat.task = task;
  seat.context = context;
  seat.home.store(home);
  if (seat.asleep.load() == 1) {
    seat.asleep.store(0);
    seat.asleep.notify_one();
  }
}

void Team::work(std::size_t thread) {
  while (!ending_.load(std::memory_order_relaxed)) {
    wait_for_work(seats_[thread]);
    std::size_t count = run_home(thread);
    count += run_others(thread);
    if (count != 0) done_.value.fetch_add(count, std::memory_order_release);
  }
}

void Team::wait_for_others(std::size_t chunks) const {
  for (int i = 0; done_.value.load(std::memory_order_acquire) != chunks; ++i) {
    if (i < looks) {
      pause();
    } else {
      std::this_thread::yield();
    }
  }
}

bool Team::run(std::size_t chunks, Task task, const void* context) {
  if (chunks > std::numeric_limits<std::uint32_t>::max()) {
    throw Error("parallel_for: " + std::to_string(chunks) + " chunks are more than 2^32 - 1");
  }
  const std::unique_lock lock(calling_, std::try_to_lock);
  if (!lock) return false;
  const std::size_t threads = seats_.size();
  if (threads > 1 && loops_++ % loops_between_measurements == 16) {  // not while they still start
    measure_distance(1 + loops_ / loops_between_measurements % (threads - 1));
  }
  done_.value.store(0, std::memory_order_relaxed);
  for (std::size_t t = threads; t-- > 0;) {
    const std::uint64_t begin = home_begin(chunks, threads, t);
    const std::uint64_t end = home_begin(chunks, threads, t + 1);
    if (begin < end) give(seats_[t], range(begin, end), task, context);
  }
  std::size_t mine = run_home(0);
  mine += run_others(0);
  wait_for_others(chunks - mine);
  if (failed_.load()) {
    failed_.store(false);
    std::rethrow_exception(std::exchange(failure_, nullptr));
  }
  return true;
}

void Team::measure_distance(std::size_t thread) {
  Rally rally(rally_looks);
  const Task answer = [](const void* context, std::size_t, std::size_t) {
    const_cast<Rally*>(static_cast<const Rally*>(context))->play(1, 0, rally_rounds);
  };
  done_.value.store(0, std::memory_order_relaxed);
  Seat& seat = seats_[thread];
  give(seat, range(0, 1), answer, &rally);
  for (int i = 0; i < looks && !empty(seat.home.load(std::memory_order_relaxed)); ++i) pause();
  std::size_t chunk;
  if (take<From::back>(seat.home, chunk)) return;  // it sleeps or has no core: another time
  double best = std::numeric_limits<double>::infinity();
  bool played = true;
  for (std::uint32_t round = 0; round < rally_rounds && played; round += 8) {
    const auto start = Clock::now();
    played = rally.play(0, round, round + 8);
    const std::chrono::duration<double, std::nano> time = Clock::now() - start;
    best = std::min(best, time.count() / 8);
  }
  wait_for_others(1);
  if (!played) return;  // it lost its core: another time
  far_seats_[thread] = best > far_ns;
  far_.store(std::find(far_seats_.begin(), far_seats_.end(), true) != far_seats_.end(),
             std::memory_order_relaxed);
}

}  // namespace nelbo
