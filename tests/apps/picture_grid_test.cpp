// Pictures with labels: where tiles and text lie, that all that is written can be, and in colour too.
#include <png.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "apps/reports/picture_grid.hpp"
#include "apps/reports/picture_text.hpp"
#include "apps/reports/pictures.hpp"
#include "lab/files/png.hpp"
#include "tests/catch.hpp"
#include "tests/lab/data_files.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

/// A PNG file as grey or red, green and blue.
Picture read_png(const std::string& path, std::size_t channels) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  REQUIRE(png_image_begin_read_from_file(&image, path.c_str()) != 0);
  CHECK(((image.format & PNG_FORMAT_FLAG_COLOR) != 0) == (channels == 3));
  image.format = channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  Picture picture{image.height, image.width, channels, {}};
  picture.pixels.resize(picture.height * picture.width * channels);
  REQUIRE(png_image_finish_read(&image, nullptr, picture.pixels.data(), 0, nullptr) != 0);
  return picture;
}

/// Pixels from (top, left) on.
Picture part(const Picture& of, std::size_t top, std::size_t left, std::size_t height,
             std::size_t width) {
  REQUIRE(top + height <= of.height);
  REQUIRE(left + width <= of.width);
  Picture cut{height, width, of.channels, {}};
  for (std::size_t y = 0; y < height; ++y) {
    const auto from =
        of.pixels.begin() + std::ptrdiff_t(((top + y) * of.width + left) * of.channels);
    cut.pixels.insert(cut.pixels.end(), from, from + std::ptrdiff_t(width * of.channels));
  }
  return cut;
}

/// What text looks like on the colour between tiles.
Picture written(const std::string& text, std::size_t channels) {
  Picture picture{picture_text::height, picture_text::width(text.size()), channels, {}};
  picture.pixels.assign(picture.height * picture.width * channels, 128);
  picture_text::draw(picture, 0, 0, text);
  return picture;
}

}  // namespace

TEST_CASE(
    "picture grid: a grid without labels is the same tiles, one with labels has them beside") {
  for (const std::size_t channels : {std::size_t{1}, std::size_t{3}}) {
    CAPTURE(channels);
    const TempFolder folder;
    const std::string path = folder.path() + "/grid.png";
    const std::size_t size = 28 * 20 * channels;
    const PictureView view{{.height = 28, .width = 20, .channels = channels}, data::Scaling(1)};
    PictureGrid grid{Tensor({6, std::int64_t(size)}), 3};
    for (std::int64_t i = 0; i < grid.x.size(); ++i) {
      grid.x.data_as<float>()[i] = float(i * 37 % 101) / 100;
    }
    write_pictures(path, grid, view);
    const Picture bare = read_png(path, channels);
    // 28 x 20 is enlarged 3 times to 84 x 60, with lines of 2 pixels.
    REQUIRE(bare.height == 2 * 86 + 2);
    REQUIRE(bare.width == 3 * 62 + 2);

    grid.rows = {"z3\nKL 1.50", "z12\nKL 0.25"};
    grid.heads = {"-3", "0", "3"};
    grid.corner = "KL in nats";
    write_pictures(path, grid, view);
    const Picture labelled = read_png(path, channels);
    const std::size_t left = picture_text::width(10) + 2 * 8 - 2, top = picture_text::height + 14;
    REQUIRE(labelled.height == bare.height + top);
    REQUIRE(labelled.width == bare.width + left);
    CHECK(part(labelled, top, left, bare.height, bare.width).pixels == bare.pixels);
    const auto check_text = [&](const std::string& text, std::size_t y, std::size_t x) {
      CAPTURE(text);
      const Picture expected = written(text, channels);
      CHECK(part(labelled, y, x, expected.height, expected.width).pixels == expected.pixels);
    };
    // Two lines of 14 pixels, 18 from one to the next, in the middle of a tile's 84.
    const std::size_t first = top + 2 + (84 - 32) / 2;
    check_text("z3", first, 8);
    check_text("KL 1.50", first + 18, 8);
    check_text("z12", first + 86, 8);
    check_text("KL 0.25", first + 86 + 18, 8);
    check_text("KL in nats", 8, 8);
    check_text("0", 8, left + 2 + 62 + (60 - 10) / 2);
  }
}

TEST_CASE("picture grid: flat pictures have rows as high as their labels") {
  const TempFolder folder;
  const std::string path = folder.path() + "/grid.png";
  PictureGrid grid{Tensor({2, 200}), 1};
  grid.rows = {"z0\nKL 1.00", "z1\nKL 0.00"};
  write_pictures(path, grid, {{.height = 1, .width = 200}, data::Scaling(1)});
  const Picture picture = read_png(path, 1);
  CHECK(picture.height >= 2 * 32);
}

TEST_CASE("picture grid: many pictures are enlarged less, so that a file stays small") {
  const TempFolder folder;
  const std::string path = folder.path() + "/grid.png";
  const PictureGrid grid{Tensor({90000, 16}),
                         300};  // 16 times each way would be 370 million pixels
  write_pictures(path, grid, {{.height = 4, .width = 4}, data::Scaling(1)});
  CHECK(read_png(path, 1).width == 300 * (4 * 6 + 2) + 2);
}

TEST_CASE("picture text: the font has what labels are made of, and no two characters look alike") {
  const std::string all = " +-.0123456789KLadeilmnostz";
  CHECK(picture_text::has(all));
  CHECK_FALSE(picture_text::has("q"));
  std::set<std::string> seen;
  for (const char c : all + "q") {
    const auto pixels = written(std::string(1, c), 1).pixels;
    seen.emplace(pixels.begin(), pixels.end());
  }
  CHECK(seen.size() == all.size() + 1);

  const std::vector<double> values{-3, -1e6, 1e-5, 0.123456, std::nan("")};
  const Traversal traversal{{0, 1, 2}, values, Tensor(Shape{15, 3})};
  const PictureGrid grid =
      traversal_grid(traversal, {0, 1234.5, std::nan("")}, Tensor(Shape{15, 4}));
  CHECK(grid.rows[1] == "z1\nKL 1234.50");
  CHECK(grid.rows[2] == "z2\nKL -");
  for (std::string label : grid.rows) {
    std::replace(label.begin(), label.end(), '\n', ' ');
    CHECK(picture_text::has(label));
  }
  for (const std::string& label : grid.heads) CHECK(picture_text::has(label));
  CHECK(picture_text::has(grid.corner));
  for (const std::string& label :
       reconstruction_grid(Tensor(Shape{2, 4}), Tensor(Shape{2, 4})).rows)
    CHECK(picture_text::has(label));
}

TEST_CASE("picture text: beyond the edge nothing is drawn") {
  Picture picture{5, 5, 1, std::vector<std::uint8_t>(25, 0)};
  picture_text::draw(picture, 2, 3, "8888");
  picture_text::draw(picture, 90, 90, "8");
  CHECK(picture.pixels.size() == 25);
}
