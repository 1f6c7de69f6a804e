#include "autodiff/convolution.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "autodiff/gemm.hpp"
#include "autodiff/internal/epilogue.hpp"
#include "autodiff/internal/partition.hpp"
#include "autodiff/internal/winograd.hpp"
#include "autodiff/scratch.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

// Patches are gathered for this many elements at a time: they stay in the second-level cache until
// the product has read them.
constexpr std::int64_t patch_block = 1 << 16;
// Sums over rows are split into this many parts, added in a fixed order.
constexpr std::int64_t most_parts = 8;
// With fewer image channels than this the phases of spread() are too thin for a product each.
constexpr std::int64_t thin = 8;

std::int64_t block_rows(std::int64_t patch) {
  return std::max<std::int64_t>(28, patch_block / std::max<std::int64_t>(1, patch) / 14 * 14);
}

/// A grid of patches: patch (i, j) of image b starts at (i * step - top, j * step - left) and is kh
/// x kw.
struct PatchGrid {
  std::int64_t height, width, channels;  // of the image
  std::int64_t rows, columns;            // of the grid
  std::int64_t kernel_height, kernel_width;
  std::int64_t step, top, left;
};

/// Patches of thin images are a few numbers wide: a call of memmove would cost more than the copy.
template <class T>
T* copy_line(const T* from, std::int64_t n, T* to) {
  if (n == 4) {
    std::memcpy(to, from, 4 * sizeof(T));
  } else if (n < 16) {
    for (std::int64_t i = 0; i < n; ++i) to[i] = from[i];
  } else {
    std::memcpy(to, from, n * sizeof(T));
  }
  return to + n;
}

template <class T>
T* zero_line(std::int64_t n, T* to) {
  for (std::int64_t i = 0; i < n; ++i) to[i] = 0;
  return to + n;
}

/// Elements from one gathered patch to the next. Never a power of two: the product reads many
/// patches side by side, which would then fall into the same few cache lines.
std::int64_t patch_stride(std::int64_t patch) {
  return patch < 64 ? patch : (patch + 15) / 16 * 16 + 16;
}

/// Row - first of `patches`, patch_stride apart, = the patch of `row`, row counting (b, i, j); zero
/// outside the image.
template <class T>
void gather_patches(const PatchGrid& grid, const T* image, std::int64_t first, std::int64_t count,
                    T* patches) {
  const std::int64_t line = grid.kernel_width * grid.channels;
  const std::int64_t step = patch_stride(line * grid.kernel_height);
  std::int64_t j = first % grid.columns, i = first / grid.columns % grid.rows;
  std::int64_t b = first / (grid.columns * grid.rows);
  for (std::int64_t r = 0; r < count; ++r) {
    T* to = patches + r * step;
    const std::int64_t x = j * grid.step - grid.left;
    const std::int64_t before = std::clamp<std::int64_t>(-x, 0, grid.kernel_width);
    const std::int64_t inside =
        std::clamp<std::int64_t>(grid.width - x, before, grid.kernel_width) - before;
    const std::int64_t y0 = i * grid.step - grid.top;
    const T* from = image + ((b * grid.height + y0) * grid.width + x + before) * grid.channels;
    const std::int64_t stride = grid.width * grid.channels;
    if (inside == grid.kernel_width && y0 >= 0 && y0 + grid.kernel_height <= grid.height) {
      for (std::int64_t ky = 0; ky < grid.kernel_height; ++ky, from += stride) {
        to = copy_line(from, line, to);
      }
    } else {
      for (std::int64_t ky = 0; ky < grid.kernel_height; ++ky, from += stride) {
        if (y0 + ky < 0 || y0 + ky >= grid.height || inside == 0) {
          to = zero_line(line, to);
          continue;
        }
        to = zero_line(before * grid.channels, to);
        to = copy_line(from, inside * grid.channels, to);
        to = zero_line(line - (before + inside) * grid.channels, to);
      }
    }
    if (++j == grid.columns) {
      j = 0;
      if (++i == grid.rows) {
        i = 0;
        ++b;
      }
    }
  }
}

PatchGrid forward_grid(const ConvolutionShape& s) {
  return {s.height,        s.width,        s.channels, s.out_height, s.out_width,
          s.kernel_height, s.kernel_width, s.stride,   s.padding,    s.padding};
}

/// Every pixel = bias [channels], or 0 where it is null.
template <class T>
void fill_pixels(T* image, std::int64_t pixels, std::int64_t channels, const T* bias) {
  for (std::int64_t i = 0; i < pixels; ++i, image += channels) {
    for (std::int64_t c = 0; c < channels; ++c) image[c] = bias != nullptr ? bias[c] : 0;
  }
}

/// to[j * to_step + i] += from[j * from_step + i] for j < count and i < width.
template <class T>
void add_pieces(const T* from, std::int64_t from_step, T* to, std::int64_t to_step,
                std::int64_t count, std::int64_t width) {
  const auto add = [&](auto n) {
    for (std::int64_t j = 0; j < count; ++j, from += from_step, to += to_step) {
      for (std::int64_t i = 0; i < n; ++i) to[i] += from[i];
    }
  };
  if (width == 2) {  // one channel at stride 2
    add(std::integral_constant<std::int64_t, 2>());
  } else {
    add(width);
  }
}

/// Adds line ky of every patch of one row of features, a patch after the other at `lines`, to a row of the image. Lines
/// overlap: piece t of each, stride pixels wide, goes before piece t - 1 of all, so that a pixel's terms are added from left
/// to right, and no addition waits for its neighbour's.
template <class T>
void add_lines(const ConvolutionShape& s, const T* lines, T* row) {
  for (std::int64_t t = divide_up(s.kernel_width, s.stride) - 1; t >= 0; --t) {
    const std::int64_t shift = t * s.stride - s.padding;  // x = ox stride + shift
    const std::int64_t width = std::min(s.stride, s.kernel_width - t * s.stride);
    const T* from = lines + t * s.stride * s.channels;
    const auto add = [&](std::int64_t ox, std::int64_t count, std::int64_t first, std::int64_t n) {
      add_pieces(from + ox * s.patch() + first * s.channels, s.patch(),
                 row + (ox * s.stride + shift + first) * s.channels, s.stride * s.channels, count,
                 n * s.channels);
    };
    // Whole pieces begin at x >= 0 and end at x <= width of the image; those at its edges are cut.
    const std::int64_t begin =
        std::min(s.out_width, divide_up(std::max<std::int64_t>(0, -shift), s.stride));
    const std::int64_t room = s.width - shift - width;
    const std::int64_t end =
        std::max(begin, std::min(s.out_width, room < 0 ? 0 : room / s.stride + 1));
    const auto cut = [&](std::int64_t ox) {
      const std::int64_t x = ox * s.stride + shift, first = std::max<std::int64_t>(0, -x);
      const std::int64_t last = std::min(width, s.width - x);
      if (first < last) add(ox, 1, first, last - first);
    };
    for (std::int64_t ox = 0; ox < begin; ++ox) cut(ox);
    add(begin, end - begin, 0, width);
    for (std::int64_t ox = end; ox < s.out_width; ++ox) cut(ox);
  }
}

/// spread() for images with few channels: one product per image, then every patch is added where it
/// belongs.
template <class T>
void spread_patches(const ConvolutionShape& s, const T* features, const T* weights, const T* bias,
                    Activation activation, T* image, bool add) {
  const std::int64_t patch = s.patch(), grid = s.out_height * s.out_width;
  T* matrix = scratch_array<T>(Scratch::weights, s.features * patch);  // [O, (ky, kx, c)]
  for (std::int64_t o = 0; o < s.features; ++o) {
    for (std::int64_t c = 0; c < s.channels; ++c) {
      for (std::int64_t k = 0; k < s.kernel_height * s.kernel_width; ++k) {
        matrix[o * patch + k * s.channels + c] =
            weights[(o * s.channels + c) * s.kernel_height * s.kernel_width + k];
      }
    }
  }
  const std::int64_t pixels = s.height * s.width * s.channels;
  parallel_for(s.batch, [&](std::size_t b) {
    T* patches = scratch_array<T>(Scratch::patches, grid * patch);
    gemm<T>(grid, patch, s.features, {features + b * grid * s.features, s.features, 1},
            {matrix, patch, 1}, patches, patch);
    T* to = image + b * pixels;
    if (!add) fill_pixels(to, s.height * s.width, s.channels, bias);
    for (std::int64_t oy = 0; oy < s.out_height; ++oy) {
      for (std::int64_t ky = 0; ky < s.kernel_height; ++ky) {
        const std::int64_t y = oy * s.stride - s.padding + ky;
        if (y < 0 || y >= s.height) continue;
        add_lines(s, patches + oy * s.out_width * patch + ky * s.kernel_width * s.channels,
                  to + y * s.width * s.channels);
      }
    }
    if (!add) apply_activation(activation, to, pixels);
  });
}

/// spread() by phases: pixels whose (y + padding, x + padding) leave the remainder (py, px) modulo
/// the stride see the same taps of the kernel, so that each phase is a plain product (a stride of 2
/// with a kernel of 4 gives four 2x2 ones).
template <class T>
void spread_phase(const ConvolutionShape& s, std::int64_t py, std::int64_t px, const T* features,
                  const T* weights, const T* bias, Activation activation, T* image, bool add) {
  const std::int64_t taps_y = s.kernel_height > py ? divide_up(s.kernel_height - py, s.stride) : 0;
  const std::int64_t taps_x = s.kernel_width > px ? divide_up(s.kernel_width - px, s.stride) : 0;
  // Pixels y = stride * i + py - padding inside the image: i = first .. first + count - 1.
  const auto first_of = [&](std::int64_t p) {
    return std::max<std::int64_t>(0, divide_up(std::max<std::int64_t>(0, s.padding - p), s.stride));
  };
  const auto count_of = [&](std::int64_t p, std::int64_t size) {
    const std::int64_t end = size + s.padding - p;
    return std::max<std::int64_t>(0, (end > 0 ? divide_up(end, s.stride) : 0) - first_of(p));
  };
  const std::int64_t i0 = first_of(py), rows = count_of(py, s.height);
  const std::int64_t j0 = first_of(px), columns = count_of(px, s.width);
  const std::int64_t k = taps_y * taps_x * s.features;
  if (rows == 0 || columns == 0) return;

  // Tap (ty, tx) of the reversed kernel reads features (i - taps_y + 1 + ty, j - taps_x + 1 + tx).
  T* matrix = scratch_array<T>(Scratch::weights, k * s.channels);  // [(ty, tx, o), C]
  T* out = matrix;
  for (std::int64_t ty = 0; ty < taps_y; ++ty) {
    const std::int64_t ky = py + s.stride * (taps_y - 1 - ty);
    for (std::int64_t tx = 0; tx < taps_x; ++tx) {
      const std::int64_t kx = px + s.stride * (taps_x - 1 - tx);
      for (std::int64_t o = 0; o < s.features; ++o) {
        for (std::int64_t c = 0; c < s.channels; ++c) {
          *out++ = weights[((o * s.channels + c) * s.kernel_height + ky) * s.kernel_width + kx];
        }
      }
    }
  }
  const PatchGrid grid{s.out_height, s.out_width, s.features,      rows,           columns, taps_y,
                       taps_x,       1,           taps_y - 1 - i0, taps_x - 1 - j0};
  const std::int64_t total = s.batch * rows * columns, block = block_rows(k);
  parallel_for(divide_up(total, block), [&](std::size_t chunk) {
    const std::int64_t first = chunk * block, count = std::min(block, total - first);
    T* patches = scratch_array<T>(Scratch::patches, block * patch_stride(k));
    T* result = scratch_array<T>(Scratch::rows, block * s.channels);
    gather_patches(grid, features, first, count, patches);
    gemm<T>(count, s.channels, k, row_major<T>(patches, patch_stride(k)), {matrix, s.channels, 1},
            result, s.channels, false, {bias, activation});
    for (std::int64_t r = 0; r < count; ++r) {
      const std::int64_t row = first + r, j = row % columns, i = row / columns % rows;
      const std::int64_t y = (i + i0) * s.stride + py - s.padding;
      const std::int64_t x = (j + j0) * s.stride + px - s.padding;
      T* to = image + ((row / (columns * rows) * s.height + y) * s.width + x) * s.channels;
      const T* from = result + r * s.channels;
      if (add) {
        for (std::int64_t c = 0; c < s.channels; ++c) to[c] += from[c];
      } else {
        std::copy_n(from, s.channels, to);
      }
    }
  });
}

}  // namespace

template <class T>
void correlate(const ConvolutionShape& s, const T* image, const T* weights, const T* bias,
               Activation activation, T* features, bool add) {
  if (winograd_serves(s)) {
    winograd_correlate(s, image, weights, bias, activation, features, add);
    return;
  }
  const std::int64_t patch = s.patch(), taps = s.kernel_height * s.kernel_width;
  T* matrix = scratch_array<T>(Scratch::weights, patch * s.features);  // [(ky, kx, c), O]
  for (std::int64_t k = 0; k < taps; ++k) {
    for (std::int64_t c = 0; c < s.channels; ++c) {
      for (std::int64_t o = 0; o < s.features; ++o) {
        matrix[(k * s.channels + c) * s.features + o] = weights[(o * s.channels + c) * taps + k];
      }
    }
  }
  const PatchGrid grid = forward_grid(s);
  const std::int64_t block = block_rows(patch);
  parallel_for(divide_up(s.rows(), block), [&](std::size_t chunk) {
    const std::int64_t first = chunk * block, count = std::min(block, s.rows() - first);
    T* patches = scratch_array<T>(Scratch::patches, block * patch_stride(patch));
    gather_patches(grid, image, first, count, patches);
    gemm<T>(count, s.features, patch, row_major<T>(patches, patch_stride(patch)),
            {matrix, s.features, 1}, features + first * s.features, s.features, add,
            {bias, activation});
  });
}

template <class T>
void spread(const ConvolutionShape& s, const T* features, const T* weights, const T* bias,
            Activation activation, T* image, bool add) {
  if (winograd_serves(s)) {
    winograd_spread(s, features, weights, bias, activation, image, add);
    return;
  }
  if (s.channels < thin) {
    spread_patches(s, features, weights, bias, activation, image, add);
    return;
  }
  for (std::int64_t py = 0; py < s.stride; ++py) {
    for (std::int64_t px = 0; px < s.stride; ++px) {
      spread_phase(s, py, px, features, weights, bias, activation, image, add);
    }
  }
}

template <class T>
void correlate_weight_gradient(const ConvolutionShape& s, const T* image, const T* features,
                               T* gradient, bool add) {
  if (winograd_serves(s)) {
    winograd_weight_gradient(s, image, features, gradient, add);
    return;
  }
  const std::int64_t patch = s.patch(), taps = s.kernel_height * s.kernel_width;
  const std::int64_t size = patch * s.features, block = block_rows(patch);
  const std::int64_t blocks = divide_up(s.rows(), block);
  const std::int64_t parts = std::clamp<std::int64_t>(blocks, 1, most_parts);
  T* sums = scratch_array<T>(Scratch::partial_sums, parts * size);  // [parts, (ky, kx, c), O]
  const PatchGrid grid = forward_grid(s);
  parallel_for(parts, [&](std::size_t i) {
    T* patches = scratch_array<T>(Scratch::patches, block * patch_stride(patch));
    T* sum = sums + i * size;
    const std::int64_t from = part(blocks, parts, i), to = part(blocks, parts, i + 1);
    if (from == to) std::fill_n(sum, size, T{0});
    for (std::int64_t b = from; b < to; ++b) {
      const std::int64_t first = b * block, count = std::min(block, s.rows() - first);
      gather_patches(grid, image, first, count, patches);
      gemm<T>(patch, s.features, count, transposed<T>(patches, patch_stride(patch)),
              {features + first * s.features, s.features, 1}, sum, s.features, b > from);
    }
  });
  for (std::int64_t p = 1; p < parts; ++p) {
    for (std::int64_t i = 0; i < size; ++i) sums[i] += sums[p * size + i];
  }
  for (std::int64_t o = 0; o < s.features; ++o) {
    for (std::int64_t c = 0; c < s.channels; ++c) {
      for (std::int64_t k = 0; k < taps; ++k) {
        T& to = gradient[(o * s.channels + c) * taps + k];
        const T value = sums[(k * s.channels + c) * s.features + o];
        to = add ? to + value : value;
      }
    }
  }
}

#define INSTANTIATE(T)                                                                           \
  template void correlate<T>(const ConvolutionShape&, const T*, const T*, const T*, Activation,  \
                             T*, bool);                                                          \
  template void spread<T>(const ConvolutionShape&, const T*, const T*, const T*, Activation, T*, \
                          bool);                                                                 \
  template void correlate_weight_gradient<T>(const ConvolutionShape&, const T*, const T*, T*, bool);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace nelbo
