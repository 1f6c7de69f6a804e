#include "autodiff/internal/winograd.hpp"

#include <algorithm>
#include <array>

#include "autodiff/gemm.hpp"
#include "autodiff/internal/partition.hpp"
#include "autodiff/kernels/dispatch.hpp"
#include "autodiff/scratch.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

constexpr std::int64_t products = 9;  // of a tile
constexpr std::int64_t phases = 4;    // (py, px): the parity of a padded row and column
constexpr std::int64_t taps = 16;
// Numbers of the tiles that are computed at once: they stay in the second-level cache. Sums over tiles gain by longer ones.
constexpr std::int64_t block_numbers = 1 << 16, gradient_block_numbers = 1 << 17;
// Channels of the image in one piece of the weights' gradient.
constexpr std::int64_t gradient_channels = 32;
// Sums over tiles are split into at most so many parts, of at least so many tiles, added in a fixed order.
constexpr std::int64_t most_parts = 8;
constexpr std::int64_t part_tiles = 64;
// Kernels of one chunk of a loop over kernels.
constexpr std::int64_t chunk_kernels = 512;

template <class T>
const auto& table() {
  return kernels_for<T>(active_kernels().winograd());
}

/// Tiles of 2 x 2 places (of features, or of the pixels of one phase), counted along rows of tiles and through the batch.
struct Tiles {
  std::int64_t rows, columns;  // of tiles in one image
  struct Place {
    std::int64_t image, i, j;
  };
  Place operator[](std::int64_t t) const {
    return {t / (rows * columns), t / columns % rows, t % columns};
  }
};

Tiles feature_tiles(const ConvolutionShape& s) {
  return {divide_up(s.out_height, 2), divide_up(s.out_width, 2)};
}
/// A tile of pixels is 4 x 4: 2 x 2 of each phase.
Tiles pixel_tiles(const ConvolutionShape& s) {
  return {divide_up(s.height, 4), divide_up(s.width, 4)};
}

/// Channel-last images at `data`; outside them lies `outside`.
template <class T>
struct Images {
  T* data;
  std::int64_t height, width, channels;
  T* outside;

  /// Pixels (y + i step, x + j step), i, j < N, row by row.
  template <int N>
  void pixels(std::int64_t image, std::int64_t y, std::int64_t x, std::int64_t step, T** to) const {
    for (int i = 0; i < N; ++i, y += step) {
      const bool row_inside = y >= 0 && y < height;
      T* row = data + (image * height + (row_inside ? y : 0)) * width * channels;
      std::int64_t column = x;
      for (int j = 0; j < N; ++j, column += step) {
        const bool inside = row_inside && column >= 0 && column < width;
        *to++ = inside ? row + column * channels : outside;
      }
    }
  }
};

/// Rows of packed tiles lie this far apart: never a power of two, which would put them into the same few cache lines.
std::int64_t row_stride(std::int64_t n) { return n + 16; }

std::int64_t block_of(std::int64_t numbers, std::int64_t numbers_per_tile) {
  return std::max<std::int64_t>(14, numbers / (products * numbers_per_tile) / 14 * 14);
}

/// S g S' of the 2 x 2 taps g of phase (py, px) of one 4 x 4 kernel.
template <class T>
std::array<T, products> kernel_sums(const T* kernel, std::int64_t phase) {
  const T* g = kernel + phase / 2 * 4 + phase % 2;
  const T a = g[0], b = g[2], c = g[8], d = g[10];
  return {a, a + b, b, a + c, (a + c) + (b + d), b + d, c, c + d, d};
}

/// The nine factors of every kernel: [9, (phase, C), O] for correlation.
template <class T>
T* forward_factors(const ConvolutionShape& s, const T* weights) {
  const std::int64_t size = phases * s.channels * s.features;
  T* factors = scratch_array<T>(Scratch::weights, products * size);
  const std::int64_t at_once = divide_up(chunk_kernels, s.features);
  parallel_for(divide_up(s.channels, at_once), [&](std::size_t chunk) {
    const std::int64_t first = chunk * at_once, end = std::min(first + at_once, s.channels);
    for (std::int64_t c = first; c < end; ++c) {
      for (std::int64_t phase = 0; phase < phases; ++phase) {
        T* to = factors + (phase * s.channels + c) * s.features;
        for (std::int64_t o = 0; o < s.features; ++o) {
          const auto sums = kernel_sums(weights + (o * s.channels + c) * taps, phase);
          for (std::int64_t f = 0; f < products; ++f) to[f * size + o] = sums[f];
        }
      }
    }
  });
  return factors;
}

/// [phase, 9, O, C] for the transpose of correlation, whose taps run the other way.
template <class T>
T* transposed_factors(const ConvolutionShape& s, const T* weights) {
  const std::int64_t size = s.channels * s.features;
  T* factors = scratch_array<T>(Scratch::weights, phases * products * size);
  const std::int64_t at_once = divide_up(chunk_kernels, s.channels);
  parallel_for(divide_up(s.features, at_once), [&](std::size_t chunk) {
    const std::int64_t first = chunk * at_once, end = std::min(first + at_once, s.features);
    for (std::int64_t o = first; o < end; ++o) {
      for (std::int64_t phase = 0; phase < phases; ++phase) {
        T* to = factors + phase * products * size + o * s.channels;
        for (std::int64_t c = 0; c < s.channels; ++c) {
          const auto sums = kernel_sums(weights + (o * s.channels + c) * taps, phase);
          for (std::int64_t f = 0; f < products; ++f) to[f * size + c] = sums[products - 1 - f];
        }
      }
    }
  });
  return factors;
}

/// D x D' of the pixels that a tile of features sees, phase after phase, of the first `channels`: [9, (phase, channels)], `step`
/// from one of the nine to the next.
template <class T>
void window_of_features(const ConvolutionShape& s, const Images<const T>& image,
                        const Tiles::Place& tile, std::int64_t channels, T* window,
                        std::int64_t step) {
  for (std::int64_t phase = 0; phase < phases; ++phase) {
    const T* pixels[9];
    image.template pixels<3>(tile.image, 4 * tile.i + phase / 2 - s.padding,
                             4 * tile.j + phase % 2 - s.padding, 2, pixels);
    table<T>().differences(pixels, channels, window + phase * channels, step);
  }
}

}  // namespace

bool winograd_serves(const ConvolutionShape& s) {
  if (s.kernel_height != 4 || s.kernel_width != 4 || s.stride != 2) return false;
  if (s.channels % 16 != 0 || s.features % 16 != 0) return false;
  if (s.channels == 0 || s.features == 0) return false;
  // Saved must be a quarter of the products at least, of the convolution and of its transpose: a feature has 16 taps, a
  // pixel 4.
  const auto saves = [](const Tiles& tiles, std::int64_t plain) {
    return 4 * phases * products * tiles.rows * tiles.columns < 3 * plain;
  };
  return saves(feature_tiles(s), s.out_height * s.out_width * taps) &&
         saves(pixel_tiles(s), s.height * s.width * taps / phases);
}

template <class T>
void winograd_correlate(const ConvolutionShape& s, const T* image, const T* weights, const T* bias,
                        Activation activation, T* features, bool add) {
  const std::int64_t k = phases * s.channels, stride = row_stride(k);
  const T* factors = forward_factors(s, weights);
  const Tiles tiles = feature_tiles(s);
  const std::int64_t total = s.batch * tiles.rows * tiles.columns;
  const std::int64_t block = block_of(block_numbers, stride + s.features);
  parallel_for(divide_up(total, block), [&](std::size_t chunk) {
    const std::int64_t first = chunk * block, count = std::min(block, total - first);
    T* windows = scratch_array<T>(Scratch::patches, products * block * stride + s.channels);
    T* zeros = windows + products * block * stride;
    T* results = scratch_array<T>(Scratch::rows, products * block * s.features);
    std::fill_n(zeros, s.channels, T{0});
    const Images<const T> from{image, s.height, s.width, s.channels, zeros};
    const Images<T> to{features, s.out_height, s.out_width, s.features, nullptr};
    for (std::int64_t t = 0; t < count; ++t) {
      window_of_features(s, from, tiles[first + t], s.channels, windows + t * stride,
                         block * stride);
    }
    gemm_batched<T>(products, count, s.features, k, {windows, stride, 1}, block * stride,
                    {factors, s.features, 1}, k * s.features, results, s.features,
                    block * s.features);
    for (std::int64_t t = 0; t < count; ++t) {
      const auto [b, i, j] = tiles[first + t];
      T* pixels[4];
      to.template pixels<2>(b, 2 * i, 2 * j, 1, pixels);
      table<T>().collect(results + t * s.features, block * s.features, s.features, pixels, bias,
                         activation, add);
    }
  });
}

template <class T>
void winograd_spread(const ConvolutionShape& s, const T* features, const T* weights, const T* bias,
                     Activation activation, T* image, bool add) {
  const std::int64_t stride = row_stride(s.features), size = s.features * s.channels;
  const T* factors = transposed_factors(s, weights);
  const Tiles tiles = pixel_tiles(s);
  const std::int64_t total = s.batch * tiles.rows * tiles.columns;
  const std::int64_t block = block_of(block_numbers, stride + s.channels);
  parallel_for(divide_up(total, block) * phases, [&](std::size_t piece) {
    const std::int64_t first = piece / phases * block, count = std::min(block, total - first);
    const std::int64_t phase = piece % phases, py = phase / 2, px = phase % 2;
    T* windows = scratch_array<T>(Scratch::patches, products * block * stride + s.features);
    T* zeros = windows + products * block * stride;
    T* results = scratch_array<T>(Scratch::rows, products * block * s.channels);
    std::fill_n(zeros, s.features, T{0});
    const Images<const T> from{features, s.out_height, s.out_width, s.features, zeros};
    const Images<T> to{image, s.height, s.width, s.channels, nullptr};
    // The tile's first pixel of this phase, and the first of the features that reach it.
    const std::int64_t dy = (py + s.padding) % 2, dx = (px + s.padding) % 2;
    const std::int64_t up = (s.padding + dy - py) / 2 - 1, left = (s.padding + dx - px) / 2 - 1;
    for (std::int64_t t = 0; t < count; ++t) {
      const auto [b, i, j] = tiles[first + t];
      const T* pixels[9];
      from.template pixels<3>(b, 2 * i + up, 2 * j + left, 1, pixels);
      table<T>().differences(pixels, s.features, windows + t * stride, block * stride);
    }
    gemm_batched<T>(products, count, s.channels, s.features, {windows, stride, 1}, block * stride,
                    {factors + phase * products * size, s.channels, 1}, size, results, s.channels,
                    block * s.channels);
    for (std::int64_t t = 0; t < count; ++t) {
      const auto [b, i, j] = tiles[first + t];
      T* pixels[4];
      to.template pixels<2>(b, 4 * i + dy, 4 * j + dx, 2, pixels);
      table<T>().collect(results + t * s.channels, block * s.channels, s.channels, pixels, bias,
                         activation, add);
    }
  });
}

namespace {

/// sums [9, (phase, C'), O] = sum over tiles first ... first + total - 1 of the products of the image's windows and the
/// features, for channels c ... c + C' - 1 of the image.
template <class T>
void sum_tiles(const ConvolutionShape& s, const T* image, const T* features, std::int64_t c,
               std::int64_t channels, std::int64_t first, std::int64_t total, T* sums) {
  const Tiles tiles = feature_tiles(s);
  const std::int64_t rows = phases * channels, stride = row_stride(rows), size = rows * s.features;
  const std::int64_t most = std::max(s.channels, s.features);
  const std::int64_t block = block_of(gradient_block_numbers, stride + s.features);
  T* windows = scratch_array<T>(Scratch::patches, products * block * stride + most);
  T* zeros = windows + products * block * stride;
  T* results = scratch_array<T>(Scratch::rows, products * block * s.features);
  std::fill_n(zeros, most, T{0});
  if (total == 0) std::fill_n(sums, products * size, T{0});
  const Images<const T> from{image + c, s.height, s.width, s.channels, zeros};
  const Images<const T> to{features, s.out_height, s.out_width, s.features, zeros};
  for (std::int64_t begin = 0; begin < total; begin += block) {
    const std::int64_t count = std::min(block, total - begin);
    for (std::int64_t t = 0; t < count; ++t) {
      const auto [b, i, j] = tiles[first + begin + t];
      window_of_features(s, from, {b, i, j}, channels, windows + t * stride, block * stride);
      const T* pixels[4];
      to.template pixels<2>(b, 2 * i, 2 * j, 1, pixels);
      table<T>().sums(pixels, s.features, results + t * s.features, block * s.features);
    }
    gemm_batched<T>(products, rows, s.features, count, transposed<T>(windows, stride),
                    block * stride, {results, s.features, 1}, block * s.features, sums, s.features,
                    size, begin > 0);
  }
}

/// Taps (2 a + py, 2 b + px) of one channel's kernels (+)= S' p S. Sum f of feature o is p_0 + p_1 + ... of the parts, at
/// sums + part * size + f * step + o.
template <class T>
void collect_taps(const ConvolutionShape& s, const T* sums, std::int64_t parts, std::int64_t size,
                  std::int64_t step, T* nine, std::int64_t phase, T* kernels, bool add) {
  for (std::int64_t f = 0; f < products; ++f, sums += step, nine += s.features) {
    std::copy_n(sums, s.features, nine);
    for (std::int64_t p = 1; p < parts; ++p) {
      for (std::int64_t o = 0; o < s.features; ++o) nine[o] += sums[p * size + o];
    }
  }
  nine -= products * s.features;
  for (std::int64_t o = 0; o < s.features; ++o) {
    T* to = kernels + o * s.channels * taps + phase / 2 * 4 + phase % 2;
    for (std::int64_t a = 0; a < 2; ++a) {
      for (std::int64_t b = 0; b < 2; ++b) {
        const T* p = nine + (3 * a + b) * s.features + o;
        const T value = (p[0] + p[s.features]) + (p[3 * s.features] + p[4 * s.features]);
        T& tap = to[8 * a + 2 * b];
        tap = add ? tap + value : value;
      }
    }
  }
}

}  // namespace

template <class T>
void winograd_weight_gradient(const ConvolutionShape& s, const T* image, const T* features,
                              T* gradient, bool add) {
  const Tiles tiles = feature_tiles(s);
  const std::int64_t total = s.batch * tiles.rows * tiles.columns;
  const std::int64_t parts = std::clamp<std::int64_t>(total / part_tiles, 1, most_parts);
  const std::int64_t slices = divide_up(s.channels, gradient_channels);
  const auto slice_begin = [&](std::int64_t i) {
    return std::min(i * gradient_channels, s.channels);
  };
  const std::int64_t size = phases * products * s.channels * s.features;
  T* sums = scratch_array<T>(Scratch::partial_sums, parts * size);
  parallel_for(parts * slices, [&](std::size_t chunk) {
    const std::int64_t p = chunk / slices, slice = chunk % slices;
    const std::int64_t c = slice_begin(slice), channels = slice_begin(slice + 1) - c;
    const std::int64_t first = part(total, parts, p), end = part(total, parts, p + 1);
    sum_tiles(s, image, features, c, channels, first, end - first,
              sums + p * size + phases * products * c * s.features);
  });
  parallel_for(s.channels, [&](std::size_t channel) {
    const std::int64_t slice = channel / gradient_channels, c = slice_begin(slice);
    const std::int64_t channels = slice_begin(slice + 1) - c;
    T* nine = scratch_array<T>(Scratch::rows, products * s.features);
    for (std::int64_t phase = 0; phase < phases; ++phase) {
      const std::int64_t row = phases * products * c + phase * channels + (channel - c);
      collect_taps(s, sums + row * s.features, parts, size, phases * channels * s.features, nine,
                   phase, gradient + channel * taps, add);
    }
  });
}

#define INSTANTIATE(T)                                                                       \
  template void winograd_correlate<T>(const ConvolutionShape&, const T*, const T*, const T*, \
                                      Activation, T*, bool);                                 \
  template void winograd_spread<T>(const ConvolutionShape&, const T*, const T*, const T*,    \
                                   Activation, T*, bool);                                    \
  template void winograd_weight_gradient<T>(const ConvolutionShape&, const T*, const T*, T*, bool);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace nelbo
