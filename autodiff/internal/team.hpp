#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace nelbo {

/// Threads that run the chunks of one loop at a time. Every thread has a home among the chunks, the same
/// at every loop of as many: what it wrote there the last time is in its caches still. Only who has nothing
/// left at home takes from the far end of another's.
class Team {
 public:
  /// What is done with one chunk; `thread` is 0 for the one that called run.
  using Task = void (*)(const void* context, std::size_t chunk, std::size_t thread);

  /// Starts threads - 1 of them; the one that calls run is the first.
  explicit Team(std::size_t threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  /// task(context, chunk, thread) once for each chunk below `chunks`. Where a task throws, chunks that are
  /// not yet begun are left out, and the first exception is thrown on. Returns false, without having begun,
  /// while another thread's loop is under way. Throws Error for 2^32 chunks or more.
  bool run(std::size_t chunks, Task task, const void* context);

  /// Whether a cache line took long (far_ns) from one of the threads to the first and back, when it was last
  /// measured: every few hundred loops, for cores are near or far as the system places the threads.
  bool far() const { return far_.load(std::memory_order_relaxed); }
  static constexpr double far_ns = 200;

 private:
  /// One thread's part of a loop, in a cache line that it alone watches while it waits.
  struct alignas(64) Seat {
    std::atomic<std::uint64_t> home{0};  // begin and end of the chunks that nobody has taken
    std::atomic<std::uint32_t> asleep{0};
    Task task = nullptr;  // read only by who has taken a chunk: the loop cannot end before it
    const void* context = nullptr;
  };
  struct alignas(64) Line {
    std::atomic<std::size_t> value{0};
  };

  void work(std::size_t thread);
  void wait_for_work(Seat& seat) const;
  void give(Seat& seat, std::uint64_t home, Task task, const void* context);
  void run_chunk(const Seat& seat, std::size_t chunk, std::size_t thread);
  std::size_t run_home(std::size_t thread);
  std::size_t run_others(std::size_t thread);
  void wait_for_others(std::size_t chunks) const;
  void measure_distance(std::size_t thread);

  std::vector<Seat> seats_;
  Line done_;  // chunks of this loop that others have run
  std::atomic<bool> ending_{false}, failed_{false}, far_{false};
  std::exception_ptr failure_;
  std::mutex failing_, calling_;
  std::size_t loops_ = 0;
  std::vector<bool> far_seats_;
  std::vector<std::thread> workers_;
};

}  // namespace nelbo
