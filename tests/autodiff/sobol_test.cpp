// Sobol's sequence against the points of scipy.stats.qmc.Sobol(1024, scramble=False, bits=32),
// scipy 1.17.1.
#include "autodiff/internal/sobol.hpp"

#include <vector>

#include "tests/catch.hpp"

using namespace nelbo;

namespace {

std::uint32_t point(std::uint32_t n, std::size_t d) {
  std::uint32_t x = 0;
  for (int j = 1; j <= sobol_bits; ++j) {
    if ((n ^ n >> 1) >> (j - 1) & 1) x ^= sobol_directions(j)[d];
  }
  return x;
}

}  // namespace

TEST_CASE("Sobol's points are those of another library") {
  CHECK(point(0, 5) == 0);
  CHECK(point(1, 0) == 0x80000000u);
  CHECK(point(5, 1) == 0xe0000000u);
  CHECK(point(100, 2) == 0xc6000000u);
  CHECK(point(1000, 40) == 0xe9c00000u);
  CHECK(point(1023, 555) == 0x7bc00000u);
  CHECK(point(777, 1023) == 0x73c00000u);
  // The first 512 points in all dimensions, by the hash of Fowler, Noll and Vo over whole numbers.
  std::uint64_t hash = 1469598103934665603u;
  for (std::uint32_t n = 0; n < 512; ++n) {
    for (std::size_t d = 0; d < sobol_dimensions; ++d) hash = (hash ^ point(n, d)) * 1099511628211u;
  }
  CHECK(hash == 0x6a2f84c2eefd0383u);
  // Far on, where the later directions count.
  CHECK(point(123456789, 0) == 0xf9d46f20u);
  CHECK(point(123456789, 1) == 0xcadcd1a0u);
  CHECK(point(123456789, 17) == 0xf60aa720u);
  CHECK(point(123456789, 700) == 0xb8021720u);
  CHECK(point(123456789, 1023) == 0xab7b28a0u);
}

TEST_CASE("Every direction of Sobol's sequence has its own leading digit") {
  for (int j = 1; j <= sobol_bits; ++j) {
    for (std::size_t d = 0; d < sobol_dimensions; ++d) {
      const std::uint32_t digit = std::uint32_t{1} << (sobol_bits - j);
      if ((sobol_directions(j)[d] & (2 * digit - 1)) != digit) {
        CAPTURE(j, d);
        FAIL_CHECK("not a unit triangular matrix");
      }
    }
  }
}
