#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace nelbo {

/// A picture of bytes [H, W, C]: grey where C = 1, red, green and blue where C = 3; 0 black to 255.
struct Picture {
  std::size_t height = 0, width = 0, channels = 1;
  std::vector<std::uint8_t> pixels;
};

/// Pictures of one size with values in [0, 1], [N, H, W, C]; others are clipped, NaN is black.
struct Tiles {
  const float* values = nullptr;
  std::size_t count = 0, height = 0, width = 0, channels = 1;
  std::size_t scale = 1;  // a pixel of theirs is a square of so many
};

/// Lays tiles out row by row, `columns` in a row, with mid-grey lines of `separator` pixels between and
/// around them. Places without a tile are mid-grey. Throws Error when N, H, W, columns or the scale is 0,
/// or C is neither 1 nor 3.
Picture tile_grid(const Tiles& tiles, std::size_t columns, std::size_t separator = 1);

/// The picture as the bytes of a PNG file, 8 bits a channel, without any time stamp.
std::string encode_png(const Picture& picture);

}  // namespace nelbo
