#include "lab/data/picture_shape.hpp"

#include <cmath>

#include "lab/files/array.hpp"

namespace nelbo {

std::optional<PictureShape> picture_shape(const std::vector<std::int64_t>& example) {
  const auto grey = [](std::int64_t height, std::int64_t width) {
    return PictureShape{.height = std::size_t(height), .width = std::size_t(width)};
  };
  if (example.size() == 1) {
    const std::int64_t side = std::lround(std::sqrt(double(example[0])));
    if (side >= 4 && side * side == example[0]) return grey(side, side);
  }
  if (example.size() == 2) return grey(example[0], example[1]);
  if (example.size() != 3) return std::nullopt;
  for (const std::int64_t channels : {1, 3}) {
    for (const bool first : {false, true}) {
      if (example[first ? 0 : 2] != channels) continue;
      PictureShape shape = grey(example[first ? 1 : 0], example[first ? 2 : 1]);
      shape.channels = std::size_t(channels);
      shape.channels_first = first;
      return shape;
    }
  }
  return std::nullopt;
}

std::string no_pictures(const std::vector<std::int64_t>& example) {
  return "examples of shape " + data::shape_text(example) +
         " are no pictures, which are [H, W], [H, W, C] or [C, H, W] with 1 or 3 channels, or [N] "
         "where N is a square number from 16 on, as in [784]";
}

}  // namespace nelbo
