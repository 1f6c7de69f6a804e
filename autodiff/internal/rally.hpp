#pragma once
#include <atomic>
#include <cstdint>

namespace nelbo {

/// A cache line that two threads write in turn: odd values are the second's to change. The time of a round is that of the
/// line from one core to the other and back.
class Rally {
 public:
  /// Who has looked so many times without finding the other's answer gives up: they may share a core.
  explicit Rally(std::uint32_t looks) : looks_(looks) {}

  /// Rounds first ... last - 1 of one side, 0 or 1, of which side 0 begins. False where either has given up.
  bool play(std::uint32_t side, std::uint32_t first, std::uint32_t last) {
    for (std::uint32_t round = first; round < last; ++round) {
      const std::uint32_t mine = 2 * round + side;
      std::uint32_t look = 0;
      for (std::uint32_t now; (now = ball_.load(std::memory_order_acquire)) != mine;) {
        if (now == given_up) return false;
        if (++look > looks_) {
          ball_.store(given_up, std::memory_order_relaxed);
          return false;
        }
      }
      ball_.store(mine + 1, std::memory_order_release);
    }
    return true;
  }

 private:
  static constexpr std::uint32_t given_up = ~std::uint32_t{0};
  const std::uint32_t looks_;
  alignas(64) std::atomic<std::uint32_t> ball_{0};
};

}  // namespace nelbo
