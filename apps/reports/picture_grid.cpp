#include "apps/reports/picture_grid.hpp"

#include <algorithm>
#include <sstream>

#include "apps/reports/picture_text.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/png.hpp"

namespace nelbo {
namespace {

constexpr std::size_t seen_well = 64;                      // pixels
constexpr std::size_t most_pixels = std::size_t{1} << 26;  // of a picture that is enlarged
constexpr std::size_t space = 8;                           // around labels, pixels

/// Pixels of the file per pixel of a picture.
std::size_t enlargement(const PictureShape& shape, std::size_t count) {
  const std::size_t side = std::max(shape.height, shape.width);
  std::size_t factor = (seen_well + side - 1) / side;
  while (factor > 1 && count * shape.height * shape.width > most_pixels / (factor * factor)) {
    --factor;
  }
  return factor;
}

/// The pictures in the units of brightness: [N, H, W, C].
std::vector<float> brightness(const Tensor& pictures, const PictureView& view) {
  const auto [low, high] = view.range;
  const PictureShape& shape = view.shape;
  const auto count = std::size_t(pictures.shape()[0]), size = std::size_t(pictures.shape()[1]);
  std::vector<float> tiles(count * size), x(size);
  float* pixel = tiles.data();
  for (std::size_t i = 0; i < count; ++i) {
    std::copy_n(pictures.data_as<float>() + i * size, size, x.data());
    view.scaling.restore(x.data());
    for (std::size_t row = 0; row < shape.height; ++row)
      for (std::size_t column = 0; column < shape.width; ++column)
        for (std::size_t channel = 0; channel < shape.channels; ++channel)
          *pixel++ = float((x[shape.at(row, column, channel)] - low) / (high - low));
  }
  return tiles;
}

std::vector<std::string> lines_of(const std::string& label) {
  std::vector<std::string> lines;
  std::istringstream text(label);
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

/// The most characters of a line of these labels.
std::size_t longest(const std::vector<std::string>& labels) {
  std::size_t most = 0;
  for (const std::string& label : labels) {
    for (const std::string& line : lines_of(label)) most = std::max(most, line.size());
  }
  return most;
}

std::size_t height_of(const std::string& label) {
  const std::size_t lines = lines_of(label).size();
  return lines == 0 ? 0 : (lines - 1) * picture_text::line + picture_text::height;
}

/// The picture with room above and to the left, of the colour between the tiles.
Picture with_margins(const Picture& inner, std::size_t top, std::size_t left) {
  Picture outer{inner.height + top, inner.width + left, inner.channels, {}};
  outer.pixels.assign(outer.height * outer.width * outer.channels, inner.pixels.front());
  const std::size_t line = inner.width * inner.channels;
  for (std::size_t y = 0; y < inner.height; ++y) {
    std::copy_n(&inner.pixels[y * line], line,
                &outer.pixels[((top + y) * outer.width + left) * outer.channels]);
  }
  return outer;
}

/// Where tiles lie: the first at (top, left), the next so many pixels further.
struct Places {
  std::size_t top, left, row, column;
  std::size_t height, width;  // of a tile
};

void draw_labels(Picture& picture, const PictureGrid& grid, const Places& at) {
  const auto centred = [](std::size_t start, std::size_t room, std::size_t size) {
    return start + (room > size ? (room - size) / 2 : 0);
  };
  for (std::size_t row = 0; row < grid.rows.size(); ++row) {
    std::size_t y = centred(at.top + row * at.row, at.height, height_of(grid.rows[row]));
    for (const std::string& line : lines_of(grid.rows[row])) {
      picture_text::draw(picture, y, space, line);
      y += picture_text::line;
    }
  }
  for (std::size_t column = 0; column < grid.heads.size(); ++column) {
    const std::string& head = grid.heads[column];
    const std::size_t wide = picture_text::width(head.size());
    if (wide > at.column) continue;  // it would run into its neighbours
    picture_text::draw(picture, space, centred(at.left + column * at.column, at.width, wide), head);
  }
  picture_text::draw(picture, space, space, grid.corner);
}

}  // namespace

void write_pictures(const std::string& path, const PictureGrid& grid, const PictureView& view) {
  const PictureShape& shape = view.shape;
  const auto count = std::size_t(grid.x.shape()[0]);
  const std::vector<float> values = brightness(grid.x, view);
  const Tiles tiles{values.data(), count,          shape.height,
                    shape.width,   shape.channels, enlargement(shape, count)};
  const std::size_t height = shape.height * tiles.scale, width = shape.width * tiles.scale;
  std::size_t separator = 2, beside = 0;
  for (const std::string& label : grid.rows) beside = std::max(beside, height_of(label));
  if (beside > height) separator = std::max(separator, beside - height);  // rows as high as labels
  Picture picture = tile_grid(tiles, grid.columns, separator);

  const std::size_t most = std::max(longest(grid.rows), grid.corner.size());
  const std::size_t left = most == 0 ? 0 : picture_text::width(most) + 2 * space - separator;
  const bool headed = !grid.heads.empty() || !grid.corner.empty();
  const std::size_t top = headed ? picture_text::height + 2 * space - separator : 0;
  if (top > 0 || left > 0) {
    picture = with_margins(picture, top, left);
    draw_labels(
        picture, grid,
        {top + separator, left + separator, height + separator, width + separator, height, width});
  }
  write_file_atomically(path, encode_png(picture));
}

}  // namespace nelbo
