#pragma once
// How work is divided among chunks.
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

}  // namespace nelbo
