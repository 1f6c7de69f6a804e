#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace nelbo {

/// A grey picture, row-major, 0 black to 255 white.
struct GreyPicture {
  std::size_t height = 0, width = 0;
  std::vector<std::uint8_t> pixels;
};

/// Lays tiles [N, H, W] with values in [0, 1] (others are clipped; NaN is black) out row by row,
/// `columns` in a row, with mid-grey lines of `separator` pixels between and around them. Places
/// without a tile are mid-grey. Throws Error when N, H, W or columns is 0.
GreyPicture tile_grid(const float* tiles, std::size_t count, std::size_t height, std::size_t width,
                      std::size_t columns, std::size_t separator = 1);

/// The picture as the bytes of an 8-bit grey PNG file without any time stamp.
std::string encode_png(const GreyPicture& picture);

/// encode_png(tile_grid(...)) written atomically. Throws Error naming the path.
void write_png_grid(const std::string& path, const float* tiles, std::size_t count,
                    std::size_t height, std::size_t width, std::size_t columns,
                    std::size_t separator = 1);

}  // namespace nelbo
