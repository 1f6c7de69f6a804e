// Philox4x32-10 and the transforms of its words; addresses are explained in autodiff/random.hpp.
//
// A round of Philox needs two 32 x 32 -> 64 bit products, which SIMD offers on 64-bit lanes only.
// Counters are therefore kept in 64-bit lanes whose upper halves hold rubbish: the product ignores
// them. The four words of block i leave as two 64-bit lanes, low = w0 | w1 << 32 and high = w2 | w3
// << 32, which seen as 32-bit lanes are full vectors again: Box and Muller's transform pairs lane j
// of `low` (radius) with lane j of `high` (angle), that is, dimensions d and d + 2.
#include "autodiff/kernels/random.hpp"

#include "autodiff/kernels/math/wave.hpp"
#include "autodiff/kernels/simd.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are stored as pairs");

using U32 = Batch<std::uint32_t>;
using F32 = Batch<float>;
using U64 = Batch<std::uint64_t>;
using F64 = Batch<double>;

constexpr std::size_t tile = 64;  // blocks worked on at a time: 1 KiB of words
// Registers worked on at once, for the rounds of one wait for each other: as many as there is room.
constexpr std::size_t at_once = lanes<std::uint64_t> == 8 ? 4 : 2;
static_assert(tile % (at_once * lanes<std::uint64_t>) == 0);

/// The words of a tile of blocks.
struct Words {
  alignas(64) std::uint32_t low[2 * tile];   // w0, w1 of each block
  alignas(64) std::uint32_t high[2 * tile];  // w2, w3
};

std::size_t smaller(std::size_t a, std::size_t b) { return a < b ? a : b; }

/// Product of the lower halves of 64-bit lanes.
U64 multiply_halves(const U64& a, const U64& b) {
#if defined(NELBO_ISA_avx512)
  return U64(_mm512_mul_epu32(a, b));
#elif defined(NELBO_ISA_avx2)
  return U64(_mm256_mul_epu32(a, b));
#elif defined(NELBO_ISA_sse2)
  return U64(_mm_mul_epu32(a, b));
#else
  alignas(64) std::uint64_t x[lanes<std::uint64_t>], y[lanes<std::uint64_t>];
  a.store_aligned(x);
  b.store_aligned(y);
  for (std::size_t i = 0; i < lanes<std::uint64_t>; ++i) {
    x[i] = (x[i] & 0xffffffffu) * (y[i] & 0xffffffffu);
  }
  return U64::load_aligned(x);
#endif
}

/// Philox's counters of a tile of blocks, but for the step, which all share.
struct Counters {
  // Whole registers are stored; what they write beyond a row is overwritten by the next.
  static constexpr std::size_t room = tile + at_once * lanes<std::uint64_t>;
  alignas(64) std::uint64_t dimension[room];
  alignas(64) std::uint64_t draw[room];
  alignas(64) std::uint64_t datum[room];
};

/// Of blocks first .. first + count - 1 of the fill, count <= tile, in the plane given.
void count_blocks(const RandomFill& fill, std::uint32_t plane, std::size_t first, std::size_t count,
                  Counters& counters) {
  constexpr std::size_t width = lanes<std::uint64_t>;
  alignas(64) std::uint64_t ramp[width];
  for (std::size_t k = 0; k < width; ++k) ramp[k] = k | std::uint64_t{plane} << 26;
  const U64 upwards = U64::load_aligned(ramp);
  std::size_t row = first / fill.blocks_per_row;
  std::size_t block = first % fill.blocks_per_row;
  std::size_t s = row / fill.batch;
  std::size_t b = row % fill.batch;
  std::size_t i = 0;
  while (i < count) {
    const std::size_t stop = i + smaller(count - i, fill.blocks_per_row - block);
    const U64 row_draw(std::uint64_t{fill.first_draw + s});
    const U64 row_datum(std::uint64_t{
        fill.datum != nullptr ? fill.datum[b] : static_cast<std::uint32_t>(fill.first_datum + b)});
    for (; i < stop; i += width, block += width) {
      (upwards + U64(std::uint64_t{block})).store_unaligned(counters.dimension + i);
      row_draw.store_unaligned(counters.draw + i);
      row_datum.store_unaligned(counters.datum + i);
    }
    i = stop;
    block = 0;
    if (++b == fill.batch) {
      b = 0;
      ++s;
    }
  }

  for (std::size_t k = 0; k < at_once; ++k, i += width) {  // the last registers' other lanes
    upwards.store_unaligned(counters.dimension + i);
    upwards.store_unaligned(counters.draw + i);
    upwards.store_unaligned(counters.datum + i);
  }
}

/// The words of these blocks.
void philox(const RandomFill& fill, std::uint32_t plane, std::size_t first, std::size_t count,
            Words& words) {
  constexpr std::size_t width = lanes<std::uint64_t>;
  Counters counters;
  count_blocks(fill, plane, first, count, counters);
  const U64 multiplier0(std::uint64_t{0xD2511F53u});
  const U64 multiplier1(std::uint64_t{0xCD9E8D57u});
  const U64 lower_half(std::uint64_t{0xffffffffu});
  for (std::size_t j = 0; j < count; j += at_once * width) {
    U64 c0[at_once], c1[at_once], c2[at_once], c3[at_once];
    for (std::size_t k = 0; k < at_once; ++k) {
      c0[k] = U64::load_aligned(counters.dimension + j + k * width);
      c1[k] = U64::load_aligned(counters.draw + j + k * width);
      c2[k] = U64::load_aligned(counters.datum + j + k * width);
      c3[k] = U64(std::uint64_t{fill.step});
    }
    std::uint32_t key0 = fill.key[0];
    std::uint32_t key1 = fill.key[1];
    for (int round = 0; round < 10; ++round) {
      const U64 round_key0(std::uint64_t{key0}), round_key1(std::uint64_t{key1});
      for (std::size_t k = 0; k < at_once; ++k) {
        const U64 product0 = multiply_halves(c0[k], multiplier0);
        const U64 product1 = multiply_halves(c2[k], multiplier1);
        c0[k] = (product1 >> 32) ^ c1[k] ^ round_key0;
        c1[k] = product1;
        c2[k] = (product0 >> 32) ^ c3[k] ^ round_key1;
        c3[k] = product0;
      }
      key0 += 0x9E3779B9u;  // Weyl sequences of the key
      key1 += 0xBB67AE85u;
    }
    for (std::size_t k = 0; k < at_once; ++k) {
      const U64 low = (c0[k] & lower_half) | (c1[k] << 32);
      const U64 high = (c2[k] & lower_half) | (c3[k] << 32);
      bitwise_cast<std::uint32_t>(low).store_aligned(words.low + 2 * (j + k * width));
      bitwise_cast<std::uint32_t>(high).store_aligned(words.high + 2 * (j + k * width));
    }
  }
}

/// numbers[4 i + k] for the blocks i of a register: k = 0, 1 from low, which holds pairs of them,
/// k = 2, 3 from high.
void store_blocks(const F32& low, const F32& high, float* numbers) {
#if defined(NELBO_ISA_avx512)
  const __m512d l = _mm512_castps_pd(low), h = _mm512_castps_pd(high);
  const __m512i first = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
  const __m512i second = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
  _mm512_storeu_ps(numbers, _mm512_castpd_ps(_mm512_permutex2var_pd(l, first, h)));
  _mm512_storeu_ps(numbers + 16, _mm512_castpd_ps(_mm512_permutex2var_pd(l, second, h)));
#elif defined(NELBO_ISA_avx2)
  const __m256d l = _mm256_castps_pd(low), h = _mm256_castps_pd(high);
  const __m256d even = _mm256_unpacklo_pd(l, h), odd = _mm256_unpackhi_pd(l, h);
  _mm256_storeu_ps(numbers, _mm256_castpd_ps(_mm256_permute2f128_pd(even, odd, 0x20)));
  _mm256_storeu_ps(numbers + 8, _mm256_castpd_ps(_mm256_permute2f128_pd(even, odd, 0x31)));
#else
  constexpr std::size_t width = lanes<float>;
  float l[width], h[width];
  low.store_unaligned(l);
  high.store_unaligned(h);
  for (std::size_t i = 0; i < width; i += 2) {
    numbers[2 * i] = l[i];
    numbers[2 * i + 1] = l[i + 1];
    numbers[2 * i + 2] = h[i];
    numbers[2 * i + 3] = h[i + 1];
  }
#endif
}

/// The words of a tile in the order of dimensions.
void interleave(const Words& words, std::size_t count, std::uint32_t* __restrict numbers) {
  for (std::size_t i = 0; i < count; ++i) {
    numbers[4 * i] = words.low[2 * i];
    numbers[4 * i + 1] = words.low[2 * i + 1];
    numbers[4 * i + 2] = words.high[2 * i];
    numbers[4 * i + 3] = words.high[2 * i + 1];
  }
}

/// Goes through blocks first .. last - 1 tile by tile: make(first, count, numbers) computes 4
/// numbers per block, then emit(row, d, n, numbers) takes those of dimensions d .. d + n - 1 of one
/// row.
template <class T, class Make, class Emit>
void for_each_tile(const RandomFill& fill, std::size_t first, std::size_t last, Make make,
                   Emit emit) {
  alignas(64) T numbers[4 * tile];
  std::size_t row = first / fill.blocks_per_row;
  std::size_t block = first % fill.blocks_per_row;
  while (first < last) {
    const std::size_t count = smaller(last - first, tile);
    make(first, count, numbers);
    first += count;
    for (std::size_t i = 0; i < count;) {
      const std::size_t blocks = smaller(count - i, fill.blocks_per_row - block);
      const std::size_t d = 4 * block;
      emit(row, d, smaller(4 * blocks, fill.dimensions - d), numbers + 4 * i);
      i += blocks;
      block += blocks;
      if (block == fill.blocks_per_row) {
        block = 0;
        ++row;
      }
    }
  }
}

/// Stores the numbers of make as they are. A tile of rows without padding is made where it belongs.
template <class T, class Make>
void fill_tiles(const RandomFill& fill, std::size_t first, std::size_t last, Make make, T* out) {
  if (fill.dimensions == 4 * fill.blocks_per_row) {
    for (; first + tile <= last; first += tile) make(first, tile, out + 4 * first);
  }
  for_each_tile<T>(fill, first, last, make,
                   [&](std::size_t row, std::size_t d, std::size_t n, const T* __restrict numbers) {
                     T* __restrict target = out + row * fill.dimensions + d;
                     for (std::size_t j = 0; j < n; ++j) target[j] = numbers[j];
                   });
}

/// Where the probabilities of numbers d ... of a row begin.
template <class P>
const P* source_of(const RandomFill& fill, const RandomSource& where, const P* source,
                   std::size_t row, std::size_t d) {
  const std::size_t s = row / fill.batch;
  const std::size_t b = row % fill.batch;
  const std::size_t from = where.rows != nullptr ? where.rows[b] : b;
  return source + s * where.draw_stride + from * fill.dimensions + d;
}

/// A make for 32-bit words in the order of dimensions.
auto words_of(const RandomFill& fill) {
  return [&fill](std::size_t first, std::size_t count, std::uint32_t* numbers) {
    Words words;
    philox(fill, 0, first, count, words);
    interleave(words, count, numbers);
  };
}

void bits(const RandomFill& fill, std::size_t first, std::size_t last, std::uint32_t* out) {
  fill_tiles<std::uint32_t>(fill, first, last, words_of(fill), out);
}

void uniform_f32(const RandomFill& fill, std::size_t first, std::size_t last, float* out) {
  for_each_tile<std::uint32_t>(
      fill, first, last, words_of(fill),
      [&](std::size_t row, std::size_t d, std::size_t n, const std::uint32_t* __restrict words) {
        float* __restrict target = out + row * fill.dimensions + d;
        for (std::size_t j = 0; j < n; ++j) {
          // 23 bits and the half are exact, so every instruction set gives the same number.
          const auto k = static_cast<std::int32_t>(words[j] >> 9);
          target[j] = (static_cast<float>(k) + 0.5f) * 0x1p-23f;
        }
      });
}

/// sqrt(-2 log u) with u = (k + 1/2) / 2^31 of the word's upper 31 bits, so that the tail
/// reaches 6.6.
[[gnu::always_inline]] inline F32 radius(const U32& word) {
  const F32 k = xsimd::to_float(bitwise_cast<std::int32_t>(word >> 1));
  const F32 u = xsimd::fma(k, F32(0x1p-31f), F32(0x1p-32f));
  return xsimd::sqrt(F32(-2.0f) * xsimd::log(u));
}

void normal_f32(const RandomFill& fill, std::size_t first, std::size_t last, float* out) {
  const auto make = [&](std::size_t at, std::size_t count, float* numbers) {
    Words words;
    philox(fill, 0, at, count, words);
    for (std::size_t i = 0; i < 2 * count; i += lanes<float>) {
      const F32 r = radius(U32::load_aligned(words.low + i));
      const auto w = wave(U32::load_aligned(words.high + i));
      store_blocks(r * w.cosine, r * w.sine, numbers + 2 * i);
    }
  };
  fill_tiles<float>(fill, first, last, make, out);
}

/// Numbers of a tile in double, by word of the block: number[k][i] is dimension k of block i.
struct Wide {
  alignas(64) double number[4][tile];
};

/// (k + 1/2) / 2^52 of the upper 52 bits, exactly.
F64 to_uniform(const U64& word) {
  const U64 one_to_two = (word >> 12) | U64(std::uint64_t{0x3ff0000000000000u});
  return (bitwise_cast<double>(one_to_two) - F64(1.0)) + F64(0x1p-53);
}

/// Uniform numbers of 64-bit words whose upper halves are those of plane 0, the lower those of
/// plane 1.
void wide_uniform(const RandomFill& fill, std::size_t first, std::size_t count, Wide& wide) {
  Words upper, lower;
  philox(fill, 0, first, count, upper);
  philox(fill, 1, first, count, lower);
  const U64 lower_half(std::uint64_t{0xffffffffu});
  const auto join = [&](const std::uint32_t* u, const std::uint32_t* l, double* even, double* odd) {
    for (std::size_t i = 0; i < count; i += lanes<double>) {
      const U64 a = bitwise_cast<std::uint64_t>(U32::load_aligned(u + 2 * i));
      const U64 b = bitwise_cast<std::uint64_t>(U32::load_aligned(l + 2 * i));
      to_uniform((a << 32) | (b & lower_half)).store_aligned(even + i);
      to_uniform(((a >> 32) << 32) | (b >> 32)).store_aligned(odd + i);
    }
  };
  join(upper.low, lower.low, wide.number[0], wide.number[1]);
  join(upper.high, lower.high, wide.number[2], wide.number[3]);
}

void transpose(const Wide& wide, std::size_t count, double* __restrict numbers) {
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = 0; k < 4; ++k) numbers[4 * i + k] = wide.number[k][i];
  }
}

/// A make for uniform numbers in double.
auto wide_uniforms_of(const RandomFill& fill) {
  return [&fill](std::size_t first, std::size_t count, double* numbers) {
    Wide wide;
    wide_uniform(fill, first, count, wide);
    transpose(wide, count, numbers);
  };
}

void uniform_f64(const RandomFill& fill, std::size_t first, std::size_t last, double* out) {
  fill_tiles<double>(fill, first, last, wide_uniforms_of(fill), out);
}

void normal_f64(const RandomFill& fill, std::size_t first, std::size_t last, double* out) {
  const auto make = [&](std::size_t at, std::size_t count, double* numbers) {
    Wide wide;
    wide_uniform(fill, at, count, wide);
    for (std::size_t k = 0; k < 2; ++k) {
      for (std::size_t i = 0; i < count; i += lanes<double>) {
        double* a = wide.number[k] + i;
        double* b = wide.number[k + 2] + i;
        const F64 r = xsimd::sqrt(F64(-2.0) * xsimd::log(F64::load_aligned(a)));
        const auto w = wave(F64::load_aligned(b));
        (r * w.cosine).store_aligned(a);
        (r * w.sine).store_aligned(b);
      }
    }
    transpose(wide, count, numbers);
  };
  fill_tiles<double>(fill, first, last, make, out);
}

void bernoulli_f32(const RandomFill& fill, const RandomSource& where, const float* probabilities,
                   std::size_t first, std::size_t last, float* out) {
  for_each_tile<std::uint32_t>(
      fill, first, last, words_of(fill),
      [&](std::size_t row, std::size_t d, std::size_t n, const std::uint32_t* __restrict words) {
        const float* __restrict p = source_of(fill, where, probabilities, row, d);
        float* __restrict target = out + row * fill.dimensions + d;
        for (std::size_t j = 0; j < n; ++j) {
          const float inside = p[j] > 0.0f && p[j] < 1.0f ? p[j] : 0.0f;
          const auto threshold = static_cast<std::int32_t>(inside * 0x1p31f);
          const auto k = static_cast<std::int32_t>(words[j] >> 1);
          target[j] = ((k < threshold) | (p[j] >= 1.0f)) ? 1.0f : 0.0f;
        }
      });
}

void bernoulli_f64(const RandomFill& fill, const RandomSource& where, const double* probabilities,
                   std::size_t first, std::size_t last, double* out) {
  for_each_tile<double>(
      fill, first, last, wide_uniforms_of(fill),
      [&](std::size_t row, std::size_t d, std::size_t n, const double* __restrict u) {
        const double* __restrict p = source_of(fill, where, probabilities, row, d);
        double* __restrict target = out + row * fill.dimensions + d;
        for (std::size_t j = 0; j < n; ++j) target[j] = u[j] < p[j] ? 1.0 : 0.0;
      });
}

/// Pixel k is 1 if floor(255 w / 2^24) < k, w being the upper 24 bits of the word: with probability
/// k / 255.
template <class T>
void pixels(const RandomFill& fill, const RandomSource& where, const std::uint8_t* images,
            std::size_t first, std::size_t last, T* out) {
  for_each_tile<std::uint32_t>(
      fill, first, last, words_of(fill),
      [&](std::size_t row, std::size_t d, std::size_t n, const std::uint32_t* __restrict words) {
        const std::uint8_t* __restrict pixel = source_of(fill, where, images, row, d);
        T* __restrict target = out + row * fill.dimensions + d;
        for (std::size_t j = 0; j < n; ++j) {
          const std::uint32_t w = words[j] >> 8;
          const auto level = static_cast<std::int32_t>((w * 255u) >> 24);
          target[j] = level < pixel[j] ? T(1) : T(0);
        }
      });
}

}  // namespace

extern const RandomKernels random_kernels;
const RandomKernels random_kernels = {bits,
                                      {uniform_f32, normal_f32, bernoulli_f32, pixels<float>},
                                      {uniform_f64, normal_f64, bernoulli_f64, pixels<double>}};

}  // namespace nelbo::kernels::NELBO_ISA
