#pragma once
#include <atomic>
#include <cstdint>
#include <thread>

namespace nelbo {

/// A cache line that two threads write in turn: odd values are the second's to change. The time of a round is that of the
/// line from one core to the other and back.
class Rally {
 public:
  /// Rounds first ... last - 1 of one side, 0 or 1, of which side 0 begins.
  void play(std::uint32_t side, std::uint32_t first, std::uint32_t last) {
    for (std::uint32_t round = first; round < last; ++round) {
      const std::uint32_t mine = 2 * round + side;
      for (int look = 0; ball_.load(std::memory_order_acquire) != mine; ++look) {
        if (look > looks) std::this_thread::yield();  // the other has no core
      }
      ball_.store(mine + 1, std::memory_order_release);
    }
  }

 private:
  static constexpr int looks = 10'000;
  alignas(64) std::atomic<std::uint32_t> ball_{0};
};

}  // namespace nelbo
