#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nelbo {

/// Where the pixels of a picture lie among the values of an example.
struct PictureShape {
  std::size_t height = 0, width = 0;
  std::size_t channels = 1;     ///< 1: grey; 3: red, green, blue
  bool channels_first = false;  ///< [C, H, W]; else [H, W, C]

  bool operator==(const PictureShape&) const = default;
  /// The place in an example of a channel of a pixel.
  std::size_t at(std::size_t row, std::size_t column, std::size_t channel) const {
    return channels_first ? (channel * height + row) * width + column
                          : (row * width + column) * channels + channel;
  }
};

/// Examples [H, W], [H, W, C] and [C, H, W] with C = 1 or 3, and [X] where X >= 16 is a square number
/// (grey); nullopt for what is no picture. Where it could be either, [H, W, C] and grey come first.
std::optional<PictureShape> picture_shape(const std::vector<std::int64_t>& example);

/// Why there are no pictures: "examples of shape 13 are no pictures, ...".
std::string no_pictures(const std::vector<std::int64_t>& example);

}  // namespace nelbo
