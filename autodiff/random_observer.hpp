#pragma once
// A window for tests: which numbers are drawn, by whom and for what.
#include <array>
#include <atomic>
#include <cstdint>

#include "autodiff/random.hpp"

namespace nelbo {

/// One call of a fill function: all that it may draw from. The counters are
///
///   { word + plane << 26, draw, datum, step mod 2^32 }
///
/// with word < words, plane from first_plane on, and the block's draws and data.
struct RandomUse {
  const char* fill;          // the function: the kind of numbers
  const RandomBlock& block;  // a permutation's elements are its dimensions
  std::array<std::uint32_t, 2> key;
  std::uint32_t words;
  std::uint32_t first_plane, planes;
};

/// Is told of every fill before it draws, by the thread that draws. Coupled noise tells of the
/// fills that it is made of. Null: nobody is told.
using RandomObserver = void (*)(const RandomUse&);
inline constinit std::atomic<RandomObserver> random_observer{nullptr};

}  // namespace nelbo
