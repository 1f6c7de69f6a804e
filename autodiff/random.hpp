#pragma once
// Random numbers that have addresses. There is no generator that advances: every number is a
// function of
//
//   (seed, stream, variable, step, datum, draw, dimension),
//
// computed by the counter-based generator Philox4x32-10 (Salmon et al. 2011, "Parallel random
// numbers: as easy as 1, 2, 3"). Numbers therefore do not depend on threads, on the batch size, on
// how draws are cut into chunks, on ranks, or on whether a run was resumed; and two estimators that
// name the same address share their noise.
//
// The address becomes a key (64 bits) and a counter (4 x 32 bits):
//
//   key     = mix(mix(mix(seed) + (stream id << 32) + variable) + (step >> 32))
//   counter = {dimension / 4 + (plane << 26), draw, datum, step mod 2^32}
//
// where mix is splitmix64's finaliser.
// Word (dimension mod 4) of the counter's block serves the dimension, in plane 0. float64 numbers
// take their low 32 bits from plane 1, so that float32 and float64 numbers of one address agree up
// to rounding: a check in float64 sees the noise of the float32 run. Gamma numbers use planes 2 to
// 63, 2 per attempt, and a whole block per dimension.
//
// Ranges: any seed, step < 2^64, datum and draw < 2^32, dimension < 2^28 (gamma: 2^26).
#include <array>
#include <cstddef>
#include <cstdint>

namespace nelbo {

/// What numbers are for. Numbers of two streams are independent whatever the rest of their address.
enum class StreamId : std::uint32_t {
  init,            // initial parameters; datum = the parameter's own number
  shuffle,         // order of the training examples; step = epoch
  noise,           // reparameterisation noise and samples of latent variables
  binarize,        // training images made binary anew at each step
  data,            // generated data, held-out splits, images made binary once
  evaluation = 6,  // draws that belong to reports, so that reporting does not disturb training
  user,            // free for programs built on nelbo
};

/// A family of numbers. `variable` tells apart what a stream serves: random_variables.hpp has their
/// register.
struct Stream {
  std::uint64_t seed = 0;
  StreamId id = StreamId::user;
  std::uint32_t variable = 0;
};

/// The addresses of a block of numbers [S, B, D]: draws, batch, dimensions; D runs fastest.
struct RandomBlock {
  Stream stream;
  std::uint64_t step = 0;
  std::size_t draws = 1;                 // S
  std::size_t batch = 1;                 // B
  std::size_t dimensions = 1;            // D
  std::uint32_t first_draw = 0;          // draw of [0, b, d]
  const std::uint32_t* datum = nullptr;  // [B] ids of the data; null: first_datum + b
  std::uint32_t first_datum = 0;

  std::size_t size() const { return draws * batch * dimensions; }
};

/// Throws Error, which begins with `what`, for more dimensions than these or a draw or datum beyond
/// its range.
void check_addresses(const char* what, const RandomBlock& block, std::size_t dimensions);

/// One block of Philox4x32-10: four uniform 32-bit words.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                    std::array<std::uint32_t, 2> key);

/// The Philox key of a stream at a step. For fixed others a bijection of the seed.
std::array<std::uint32_t, 2> philox_key(const Stream& stream, std::uint64_t step);

// Fills: out is [S, B, D], row-major. All throw Error if D, or a draw or datum, is beyond its
// range. Uniform and Bernoulli numbers are the same bits on every machine; normal and gamma ones
// may differ between instruction sets in the last bits (log, sin and cos do).

/// Uniform 32-bit words.
void fill_bits(std::uint32_t* out, const RandomBlock& block);

/// Uniform in the open interval (0, 1): (k + 1/2) / 2^23 in float, (k + 1/2) / 2^52 in double.
void fill_uniform(float* out, const RandomBlock& block);
void fill_uniform(double* out, const RandomBlock& block);

/// Standard normal, by Box and Muller's transform of dimensions (d, d + 2) of a block of four.
void fill_normal(float* out, const RandomBlock& block);
void fill_normal(double* out, const RandomBlock& block);

/// 1 with probability p, else 0, with p = probabilities [S, B, D]. The probability is exact to
/// 2^-31 in float and 2^-52 in double; p <= 0 and NaN never give 1, p >= 1 always does.
void fill_bernoulli(float* out, const float* probabilities, const RandomBlock& block);
void fill_bernoulli(double* out, const double* probabilities, const RandomBlock& block);

/// Dynamic binarisation: pixel k of 0..255 becomes 1 with probability k / 255 (exact to 2^-24; 0
/// never, 255 always). Row b of the block is row `rows[b]` of images [N, D], or row b if rows is
/// null, in every draw.
void fill_binarized(float* out, const std::uint8_t* images, const std::uint32_t* rows,
                    const RandomBlock& block);
void fill_binarized(double* out, const std::uint8_t* images, const std::uint32_t* rows,
                    const RandomBlock& block);

/// The same for intensities in [0, 1], images [N, D], with fill_bernoulli's comparison.
void fill_binarized(float* out, const float* images, const std::uint32_t* rows,
                    const RandomBlock& block);
void fill_binarized(double* out, const double* images, const std::uint32_t* rows,
                    const RandomBlock& block);

/// Gamma with shape alpha > 0 and rate 1, by Marsaglia and Tsang (2000); alpha < 1 by the power of
/// a uniform number. Values below the smallest normal number are raised to it, so that the
/// logarithm is finite. Throws Error if alpha is not positive and finite.
void fill_gamma(float* out, double alpha, const RandomBlock& block);
void fill_gamma(double* out, double alpha, const RandomBlock& block);
/// The same with alphas [S, B, D].
void fill_gamma(float* out, const float* alphas, const RandomBlock& block);
void fill_gamma(double* out, const double* alphas, const RandomBlock& block);

/// A uniform permutation of 0 .. n - 1 (Fisher and Yates), in integer arithmetic: the same on every
/// machine. `step` is the epoch of a shuffle; `variable` of the stream may number the permuted
/// dimension.
void fill_permutation(std::uint32_t* out, std::size_t n, const Stream& stream, std::uint64_t step);
void fill_permutation(std::int32_t* out, std::size_t n, const Stream& stream, std::uint64_t step);

}  // namespace nelbo
