#include "autodiff/internal/sobol.hpp"

#include <array>
#include <memory>

namespace nelbo {
namespace {

constexpr std::uint16_t initial_numbers[] = {
#include "autodiff/internal/sobol_numbers.inc"
};

// Polynomials over the field of two elements are numbers whose bits are the coefficients.

/// a b modulo p, of this degree.
unsigned product(unsigned a, unsigned b, unsigned p, int degree) {
  unsigned result = 0;
  for (; b != 0; b >>= 1) {
    if (b & 1) result ^= a;
    a <<= 1;
    if (a >> degree & 1) a ^= p;
  }
  return result;
}

/// x^exponent modulo p.
unsigned power_of_x(unsigned exponent, unsigned p, int degree) {
  unsigned result = 1, square = degree == 1 ? 2 ^ p : 2;
  for (; exponent != 0; exponent >>= 1) {
    if (exponent & 1) result = product(result, square, p, degree);
    square = product(square, square, p, degree);
  }
  return result;
}

/// Whether x has order 2^degree - 1 modulo p, the most that there is.
bool primitive(unsigned p, int degree) {
  const unsigned order = (1u << degree) - 1;
  if (power_of_x(order, p, degree) != 1) return false;
  unsigned rest = order;
  for (unsigned factor = 2; rest > 1; ++factor) {
    if (rest % factor != 0) continue;
    if (factor < order && power_of_x(order / factor, p, degree) == 1) return false;
    while (rest % factor == 0) rest /= factor;
  }
  return true;
}

using Table = std::array<std::array<std::uint32_t, sobol_dimensions>, sobol_bits>;

std::unique_ptr<const Table> make_table() {
  auto table = std::make_unique<Table>();
  Table& v = *table;
  for (int j = 0; j < sobol_bits; ++j) v[j][0] = 1u << (31 - j);  // van der Corput's sequence
  const std::uint16_t* numbers = initial_numbers;
  std::size_t d = 1;
  for (int s = 1; d < sobol_dimensions; ++s) {
    for (unsigned p = 1u << s | 1; p < 2u << s && d < sobol_dimensions; p += 2) {
      if (!primitive(p, s)) continue;
      for (int j = 0; j < s; ++j) v[j][d] = std::uint32_t{*numbers++} << (31 - j);
      // v_j = a_1 v_{j-1} + ... + a_{s-1} v_{j-s+1} + v_{j-s} + v_{j-s} / 2^s; Bratley and Fox
      // (1988).
      for (int j = s; j < sobol_bits; ++j) {
        v[j][d] = v[j - s][d] ^ v[j - s][d] >> s;
        for (int i = 1; i < s; ++i) {
          if (p >> (s - i) & 1) v[j][d] ^= v[j - i][d];
        }
      }
      ++d;
    }
  }
  return table;
}

}  // namespace

const std::uint32_t* sobol_directions(int j) {
  static const std::unique_ptr<const Table> table = make_table();
  return (*table)[std::size_t(j - 1)].data();
}

}  // namespace nelbo
