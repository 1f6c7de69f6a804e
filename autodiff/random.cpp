#include "autodiff/random.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "autodiff/error.hpp"
#include "autodiff/internal/partition.hpp"
#include "autodiff/kernels/dispatch.hpp"
#include "autodiff/random_observer.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

constexpr std::size_t blocks_per_chunk = chunk_elements / 4;
constexpr std::size_t dimension_limit = std::size_t{1} << 28;
constexpr std::size_t gamma_dimension_limit = std::size_t{1} << 26;
constexpr std::uint64_t counter_limit = std::uint64_t{1} << 32;

// The finaliser of splitmix64 (Steele, Lea and Flood 2014) after its increment: a bijection of 64
// bits.
constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// Tells the observer, if there is one.
void tell(const char* fill, const RandomBlock& block, std::size_t words, std::uint32_t first_plane,
          std::uint32_t planes) {
  const RandomObserver observer = random_observer.load(std::memory_order_acquire);
  if (observer == nullptr) return;
  observer({fill, block, philox_key(block.stream, block.step), static_cast<std::uint32_t>(words),
            first_plane, planes});
}

kernels::RandomFill fill_of(const RandomBlock& block) {
  const auto key = philox_key(block.stream, block.step);
  return {{key[0], key[1]},  static_cast<std::uint32_t>(block.step),
          block.first_draw,  block.datum,
          block.first_datum, block.batch,
          block.dimensions,  (block.dimensions + 3) / 4};
}

/// Runs body(fill, first, last) over fixed ranges of the block's Philox blocks, for numbers T.
template <class T, class Body>
void in_chunks(const char* what, const RandomBlock& block, Body body) {
  check_addresses(what, block, dimension_limit);
  const kernels::RandomFill fill = fill_of(block);
  tell(what, block, fill.blocks_per_row, 0, sizeof(T) / sizeof(std::uint32_t));
  const std::size_t blocks = block.draws * block.batch * fill.blocks_per_row;
  parallel_for(divide_up(blocks, blocks_per_chunk), [&](std::size_t chunk) {
    const std::size_t first = chunk * blocks_per_chunk;
    body(fill, first, std::min(first + blocks_per_chunk, blocks));
  });
}

template <class T>
void run(const char* what, kernels::RandomFiller<T> kernel, T* out, const RandomBlock& block) {
  in_chunks<T>(what, block,
               [&](const kernels::RandomFill& fill, std::size_t first, std::size_t last) {
                 kernel(fill, first, last, out);
               });
}

template <class T, class S>
void run(const char* what, kernels::RandomFillerFrom<T, S> kernel,
         const kernels::RandomSource& where, const S* source, T* out, const RandomBlock& block) {
  in_chunks<T>(what, block,
               [&](const kernels::RandomFill& fill, std::size_t first, std::size_t last) {
                 kernel(fill, where, source, first, last, out);
               });
}

/// Probabilities of out's own shape.
kernels::RandomSource own_shape(const RandomBlock& block) {
  return {nullptr, block.batch * block.dimensions};
}

/// Rows of [N, D], the same for every draw.
kernels::RandomSource shared_rows(const std::uint32_t* rows) { return {rows, 0}; }

// Gamma numbers -----------------------------------------------------------------------------------

constexpr std::uint32_t first_gamma_plane = 2;
constexpr std::uint32_t gamma_attempts = 31;  // each succeeds with probability above 0.95

/// (k + 1/2) / 2^52 of the upper 52 bits.
double to_uniform(std::uint32_t upper, std::uint32_t lower) {
  const std::uint64_t word = std::uint64_t{upper} << 32 | lower;
  return (static_cast<double>(word >> 12) + 0.5) * 0x1p-52;
}

/// One gamma number at `counter`, whose word 0 holds the dimension.
double gamma_at(double alpha, std::array<std::uint32_t, 4> counter,
                const std::array<std::uint32_t, 2>& key) {
  const std::uint32_t dimension = counter[0];
  // Marsaglia and Tsang need alpha >= 1: Gamma(alpha) = Gamma(alpha + 1) U^(1 / alpha).
  const double d = (alpha < 1 ? alpha + 1 : alpha) - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  double value = d;
  double log_boost = 0;
  for (std::uint32_t attempt = 0; attempt < gamma_attempts; ++attempt) {
    counter[0] = dimension | (first_gamma_plane + 2 * attempt) << 26;
    const auto upper = philox(counter, key);
    counter[0] = dimension | (first_gamma_plane + 2 * attempt + 1) << 26;
    const auto lower = philox(counter, key);
    const double radius = std::sqrt(-2 * std::log(to_uniform(upper[0], lower[0])));
    const double normal = radius * std::cos(2 * std::numbers::pi * to_uniform(upper[1], lower[1]));
    if (attempt == 0 && alpha < 1) log_boost = std::log(to_uniform(upper[3], lower[3])) / alpha;
    const double root = 1 + c * normal;
    if (root <= 0) continue;
    const double cube = root * root * root;
    const double log_u = std::log(to_uniform(upper[2], lower[2]));
    if (log_u < 0.5 * normal * normal + d - d * cube + d * std::log(cube)) {
      value = d * cube;
      break;
    }
  }
  return value * std::exp(log_boost);
}

/// alphas[i * stride] is the shape of number i.
template <class T, class A>
void fill_gamma_as(T* out, const A* alphas, std::size_t stride, const RandomBlock& block) {
  constexpr std::size_t chunk_size = 4096;  // a gamma number costs some ten normal ones
  check_addresses("fill_gamma", block, gamma_dimension_limit);
  const std::size_t size = block.size();
  for (std::size_t i = 0; i < (stride == 0 ? std::size_t{1} : size); ++i) {
    const double alpha = static_cast<double>(alphas[i]);
    if (!(alpha > 0) || !std::isfinite(alpha)) {
      throw Error("fill_gamma: alpha = " + std::to_string(alpha) + " at number " +
                  std::to_string(i) + " is not positive and finite");
    }
  }
  tell("fill_gamma", block, block.dimensions, first_gamma_plane, 2 * gamma_attempts);
  const auto key = philox_key(block.stream, block.step);
  parallel_for(divide_up(size, chunk_size), [&](std::size_t chunk) {
    const std::size_t last = std::min((chunk + 1) * chunk_size, size);
    for (std::size_t i = chunk * chunk_size; i < last; ++i) {
      const std::size_t row = i / block.dimensions;
      const std::size_t b = row % block.batch;
      const std::array<std::uint32_t, 4> counter = {
          static_cast<std::uint32_t>(i % block.dimensions),
          static_cast<std::uint32_t>(block.first_draw + row / block.batch),
          block.datum != nullptr ? block.datum[b]
                                 : static_cast<std::uint32_t>(block.first_datum + b),
          static_cast<std::uint32_t>(block.step)};
      const double value = gamma_at(static_cast<double>(alphas[i * stride]), counter, key);
      out[i] = static_cast<T>(std::max(value, double{std::numeric_limits<T>::min()}));
    }
  });
}

}  // namespace

void check_addresses(const char* what, const RandomBlock& block, std::size_t dimensions) {
  if (block.dimensions > dimensions) {
    throw Error(std::string(what) + ": " + std::to_string(block.dimensions) +
                " dimensions are more than the " + std::to_string(dimensions) +
                " that have addresses; spread them over several variables or data");
  }
  if (block.first_draw + std::uint64_t{block.draws} > counter_limit) {
    throw Error(std::string(what) + ": draws " + std::to_string(block.first_draw) + " + " +
                std::to_string(block.draws) + " reach beyond 2^32");
  }
  if (block.datum == nullptr && block.first_datum + std::uint64_t{block.batch} > counter_limit) {
    throw Error(std::string(what) + ": data " + std::to_string(block.first_datum) + " + " +
                std::to_string(block.batch) + " reach beyond 2^32");
  }
}

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                    std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{0xD2511F53u} * counter[0];
    const std::uint64_t product1 = std::uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key[0],
               static_cast<std::uint32_t>(product1),
               static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key[1],
               static_cast<std::uint32_t>(product0)};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return counter;
}

std::array<std::uint32_t, 2> philox_key(const Stream& stream, std::uint64_t step) {
  const std::uint64_t name =
      (std::uint64_t{static_cast<std::uint32_t>(stream.id)} << 32) + stream.variable;
  const std::uint64_t key = mix(mix(mix(stream.seed) + name) + (step >> 32));
  return {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)};
}

void fill_bits(std::uint32_t* out, const RandomBlock& block) {
  run("fill_bits", active_kernels().random().bits, out, block);
}

void fill_uniform(float* out, const RandomBlock& block) {
  run("fill_uniform", active_kernels().random().f32.uniform, out, block);
}
void fill_uniform(double* out, const RandomBlock& block) {
  run("fill_uniform", active_kernels().random().f64.uniform, out, block);
}

void fill_normal(float* out, const RandomBlock& block) {
  run("fill_normal", active_kernels().random().f32.normal, out, block);
}
void fill_normal(double* out, const RandomBlock& block) {
  run("fill_normal", active_kernels().random().f64.normal, out, block);
}

void fill_bernoulli(float* out, const float* probabilities, const RandomBlock& block) {
  run("fill_bernoulli", active_kernels().random().f32.bernoulli, own_shape(block), probabilities,
      out, block);
}
void fill_bernoulli(double* out, const double* probabilities, const RandomBlock& block) {
  run("fill_bernoulli", active_kernels().random().f64.bernoulli, own_shape(block), probabilities,
      out, block);
}

void fill_binarized(float* out, const std::uint8_t* images, const std::uint32_t* rows,
                    const RandomBlock& block) {
  run("fill_binarized", active_kernels().random().f32.pixels, shared_rows(rows), images, out,
      block);
}
void fill_binarized(double* out, const std::uint8_t* images, const std::uint32_t* rows,
                    const RandomBlock& block) {
  run("fill_binarized", active_kernels().random().f64.pixels, shared_rows(rows), images, out,
      block);
}
void fill_binarized(float* out, const float* images, const std::uint32_t* rows,
                    const RandomBlock& block) {
  run("fill_binarized", active_kernels().random().f32.bernoulli, shared_rows(rows), images, out,
      block);
}
void fill_binarized(double* out, const double* images, const std::uint32_t* rows,
                    const RandomBlock& block) {
  run("fill_binarized", active_kernels().random().f64.bernoulli, shared_rows(rows), images, out,
      block);
}

void fill_gamma(float* out, double alpha, const RandomBlock& block) {
  fill_gamma_as(out, &alpha, 0, block);
}
void fill_gamma(double* out, double alpha, const RandomBlock& block) {
  fill_gamma_as(out, &alpha, 0, block);
}
void fill_gamma(float* out, const float* alphas, const RandomBlock& block) {
  fill_gamma_as(out, alphas, 1, block);
}
void fill_gamma(double* out, const double* alphas, const RandomBlock& block) {
  fill_gamma_as(out, alphas, 1, block);
}

void fill_permutation(std::uint32_t* out, std::size_t n, const Stream& stream, std::uint64_t step) {
  if (n > dimension_limit / 2) {
    throw Error("fill_permutation: " + std::to_string(n) + " elements are more than the " +
                std::to_string(dimension_limit / 2) + " that have addresses");
  }
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::uint32_t>(i);
  tell("fill_permutation", {.stream = stream, .step = step, .dimensions = n}, (n + 1) / 2, 0, 1);
  const auto key = philox_key(stream, step);
  // Position i is exchanged with a position j <= i. Element i draws from words 2 i and 2 i + 1 of
  // the stream, so one block serves the pair (2 k, 2 k + 1).
  std::array<std::uint32_t, 4> words{};
  for (std::size_t i = n; i-- > 1;) {
    if (i % 2 == 1 || i == n - 1) {
      words =
          philox({static_cast<std::uint32_t>(i / 2), 0, 0, static_cast<std::uint32_t>(step)}, key);
    }
    // floor((i + 1) x / 2^64) for the 64-bit word x, in two 32-bit halves.
    const std::uint64_t upper = words[i % 2 * 2] * (std::uint64_t{i} + 1);
    const std::uint64_t lower = words[i % 2 * 2 + 1] * (std::uint64_t{i} + 1);
    const std::uint64_t j = (upper + (lower >> 32)) >> 32;
    std::swap(out[i], out[j]);
  }
}
void fill_permutation(std::int32_t* out, std::size_t n, const Stream& stream, std::uint64_t step) {
  fill_permutation(reinterpret_cast<std::uint32_t*>(out), n, stream, step);
}

}  // namespace nelbo
