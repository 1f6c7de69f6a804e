#pragma once
#include <cstddef>

#include "autodiff/threads.hpp"

namespace nelbo {

/// Runs first(0) ... first(firsts - 1), then, when all are done, second(0) ... second(seconds - 1);
/// `serial` runs all of them on the calling thread. Two loops, not one with a barrier inside:
/// parallel_for gives neighbouring jobs to the same core, whose cache then holds what they share.
template <class First, class Second>
void run_two_phases(bool serial, std::size_t firsts, First first, std::size_t seconds,
                    Second second) {
  if (serial) {
    for (std::size_t i = 0; i < firsts; ++i) first(i);
    for (std::size_t i = 0; i < seconds; ++i) second(i);
    return;
  }
  parallel_for(firsts, first);
  parallel_for(seconds, second);
}

}  // namespace nelbo
