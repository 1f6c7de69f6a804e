#pragma once
#include <cstddef>
#include <memory>
#include <type_traits>
#include <vector>

namespace nelbo {

/// A borrowed callable `void(std::size_t)`: no allocation, valid for the duration of the call.
class ChunkFunction {
 public:
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, ChunkFunction>) ChunkFunction(F&& f)
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(f)))),
        call_([](void* object, std::size_t chunk) {
          (*static_cast<std::remove_reference_t<F>*>(object))(chunk);
        }) {}
  void operator()(std::size_t chunk) const { call_(object_, chunk); }

 private:
  void* object_;
  void (*call_)(void*, std::size_t);
};

/// Runs body(0) ... body(chunks - 1), possibly on several threads. The number of chunks and what
/// each does must follow from the problem alone, never from the number of threads: this is what
/// makes results equal bit for bit on any number of threads. Each thread begins with the same share of the
/// chunks at every call of as many, so that neighbouring chunks of one call and those at the same places of
/// the next find in a cache what they touch. Nested calls, calls inside SerialScope, and those while another
/// thread's is under way run inline.
void parallel_for(std::size_t chunks, ChunkFunction body);

/// Numbers of simple arithmetic in one chunk: fewer are not worth a task.
inline constexpr std::size_t chunk_elements = 32768;

/// Sets the number of threads of the process, the one that calls included; not while one computes. At first it
/// is the cores that the process may use. Throws Error if 0 or above 1024.
void set_num_threads(std::size_t n);
std::size_t num_threads();

/// Cores that this process may use: those of its affinity mask.
std::size_t cores_allowed();

/// Whether a cache line takes long between the threads' cores, as between the dies of a server, when it was
/// last measured. What one thread has read costs another much more to write then, unless it writes to memory
/// past the caches. Only times may depend on it.
bool cores_are_far();

/// Number of different threads that have run chunks since the last call of reset_workers_seen.
std::size_t workers_seen();
void reset_workers_seen();

/// Seconds on the clock that each thread spends in chunks of the calls of parallel_for which the thread
/// that attached it makes. Calls that run inline are not counted.
class ChunkTimes {
 public:
  explicit ChunkTimes(std::size_t threads) : chunks_(threads) {}
  void attach();
  void detach();
  void clear();
  std::size_t threads() const { return chunks_.size(); }
  /// Of the calls themselves, from their beginning to their end.
  double inside() const { return inside_; }
  /// Of one thread's chunks; 0 is the thread that calls.
  double of(std::size_t thread) const { return chunks_[thread].seconds; }

  void add(std::size_t thread, double seconds) { chunks_[thread].seconds += seconds; }
  void add_call(double seconds) { inside_ += seconds; }

 private:
  struct alignas(64) Slot {  // a cache line for each thread
    double seconds = 0;
  };
  std::vector<Slot> chunks_;
  double inside_ = 0;
};

/// Kernels called by this thread run single-threaded while a SerialScope lives (replicates, tests).
class SerialScope {
 public:
  SerialScope();
  ~SerialScope();
  SerialScope(const SerialScope&) = delete;
  SerialScope& operator=(const SerialScope&) = delete;

 private:
  bool before_;
};

}  // namespace nelbo
