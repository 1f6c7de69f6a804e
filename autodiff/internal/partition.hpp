#pragma once
// How work is divided among chunks.
#include <bit>
#include <cstddef>
#include <type_traits>

namespace nelbo {

/// How many parts of at most b make a.
template <class Integer>
constexpr Integer divide_up(Integer a, std::type_identity_t<Integer> b) {
  return (a + b - 1) / b;
}

/// Where part i of `size` things begins when they are divided evenly into `parts`.
template <class Integer>
constexpr Integer part(Integer size, std::type_identity_t<Integer> parts,
                       std::type_identity_t<Integer> i) {
  return i * size / parts;
}

/// A loop's chunks are shared out among threads in order, each a home of them. Where the home of thread t begins: of
/// fewer chunks than threads the first thread, which calls, has one.
template <class Integer>
constexpr Integer home_begin(Integer chunks, std::type_identity_t<Integer> threads,
                             std::type_identity_t<Integer> t) {
  return divide_up(t * chunks, threads);
}
/// The thread in whose home a chunk is.
template <class Integer>
constexpr Integer home_of(Integer chunk, std::type_identity_t<Integer> chunks,
                          std::type_identity_t<Integer> threads) {
  return chunk * threads / chunks;
}

/// At least so many pieces, as many as 2, 4 and 8 threads divide evenly. Where a home ends amid a row of pieces of a gradient,
/// the rest of that row travels to the thread which updates what it is the gradient of.
constexpr std::size_t whole_homes(std::size_t pieces) {
  return pieces <= 8 ? std::bit_ceil(pieces) : divide_up(pieces, 8) * 8;
}

}  // namespace nelbo
