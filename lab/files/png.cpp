#include "lab/files/png.hpp"

#include <png.h>

#include <algorithm>
#include <cmath>

#include "autodiff/error.hpp"
#include "lab/files/atomic_file.hpp"

namespace nelbo {
namespace {

constexpr std::uint8_t mid_grey = 128;

std::uint8_t grey(float value) {
  if (!(value > 0)) return 0;
  return static_cast<std::uint8_t>(std::lround(255 * std::min(value, 1.0f)));
}

}  // namespace

GreyPicture tile_grid(const float* tiles, std::size_t count, std::size_t height, std::size_t width,
                      std::size_t columns, std::size_t separator) {
  if (count == 0 || height == 0 || width == 0 || columns == 0)
    throw Error("tile_grid: a picture needs at least one tile, pixel and column");
  columns = std::min(columns, count);
  const std::size_t rows = (count + columns - 1) / columns;
  GreyPicture picture;
  picture.height = rows * (height + separator) + separator;
  picture.width = columns * (width + separator) + separator;
  picture.pixels.assign(picture.height * picture.width, mid_grey);
  for (std::size_t n = 0; n < count; ++n) {
    const std::size_t top = n / columns * (height + separator) + separator;
    const std::size_t left = n % columns * (width + separator) + separator;
    for (std::size_t y = 0; y < height; ++y)
      for (std::size_t x = 0; x < width; ++x)
        picture.pixels[(top + y) * picture.width + left + x] =
            grey(tiles[(n * height + y) * width + x]);
  }
  return picture;
}

std::string encode_png(const GreyPicture& picture) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(picture.width);
  image.height = static_cast<png_uint_32>(picture.height);
  image.format = PNG_FORMAT_GRAY;
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = bytes.size();
  if (!png_image_write_to_memory(&image, bytes.data(), &size, 0, picture.pixels.data(), 0, nullptr))
    throw Error(std::string("PNG: ") + image.message);
  bytes.resize(size);
  return bytes;
}

void write_png_grid(const std::string& path, const float* tiles, std::size_t count,
                    std::size_t height, std::size_t width, std::size_t columns,
                    std::size_t separator) {
  write_file_atomically(path,
                        encode_png(tile_grid(tiles, count, height, width, columns, separator)));
}

}  // namespace nelbo
