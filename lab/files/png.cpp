#include "lab/files/png.hpp"

#include <png.h>

#include <algorithm>
#include <cmath>

#include "autodiff/error.hpp"

namespace nelbo {
namespace {

constexpr std::uint8_t mid_grey = 128;

std::uint8_t byte_of(float value) {
  if (!(value > 0)) return 0;
  return static_cast<std::uint8_t>(std::lround(255 * std::min(value, 1.0f)));
}

}  // namespace

Picture tile_grid(const Tiles& tiles, std::size_t columns, std::size_t separator) {
  if (tiles.count == 0 || tiles.height == 0 || tiles.width == 0 || columns == 0 || tiles.scale == 0)
    throw Error("tile_grid: a picture needs at least one tile, pixel and column");
  if (tiles.channels != 1 && tiles.channels != 3)
    throw Error("tile_grid: a picture has 1 or 3 channels");
  columns = std::min(columns, tiles.count);
  const std::size_t rows = (tiles.count + columns - 1) / columns;
  const std::size_t height = tiles.height * tiles.scale, width = tiles.width * tiles.scale;
  Picture picture;
  picture.height = rows * (height + separator) + separator;
  picture.width = columns * (width + separator) + separator;
  picture.channels = tiles.channels;
  picture.pixels.assign(picture.height * picture.width * picture.channels, mid_grey);
  for (std::size_t n = 0; n < tiles.count; ++n) {
    const std::size_t top = n / columns * (height + separator) + separator;
    const std::size_t left = n % columns * (width + separator) + separator;
    for (std::size_t y = 0; y < height; ++y) {
      const float* from =
          tiles.values + (n * tiles.height + y / tiles.scale) * tiles.width * tiles.channels;
      std::uint8_t* to = &picture.pixels[((top + y) * picture.width + left) * tiles.channels];
      for (std::size_t x = 0; x < tiles.width; ++x, from += tiles.channels) {
        for (std::size_t i = 0; i < tiles.scale; ++i)
          to = std::transform(from, from + tiles.channels, to, byte_of);
      }
    }
  }
  return picture;
}

std::string encode_png(const Picture& picture) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(picture.width);
  image.height = static_cast<png_uint_32>(picture.height);
  image.format = picture.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = bytes.size();
  if (!png_image_write_to_memory(&image, bytes.data(), &size, 0, picture.pixels.data(), 0, nullptr))
    throw Error(std::string("PNG: ") + image.message);
  bytes.resize(size);
  return bytes;
}

}  // namespace nelbo
