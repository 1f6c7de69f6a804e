#pragma once
// Sobol's sequence in base 2: the digits of point n in dimension d, most significant bit first, are
// the exclusive or of the directions v_j (j = 1, 2, ...) of d that the Gray code n ^ (n >> 1) of n
// names, bit j - 1 for v_j (Antonov and Saleev 1979). Every 2^k points that follow one another from
// a multiple of 2^k on have one point in each of the 2^k equal parts of every axis.
#include <cstddef>
#include <cstdint>

namespace nelbo {

inline constexpr std::size_t sobol_dimensions = 1024;
inline constexpr int sobol_bits = 32;

/// The directions v_j of all dimensions, j = 1 .. 32: [1024]. Their polynomials are the primitive
/// ones in the order of their degree and value, their initial numbers Joe and Kuo's (2008).
const std::uint32_t* sobol_directions(int j);

}  // namespace nelbo
