// What is done to images before they are scaled: crop, area means, channels, inversion, a subset.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "autodiff/setting_error.hpp"
#include "lab/data/load.hpp"
#include "lab/data/sprites.hpp"
#include "tests/catch.hpp"
#include "tests/lab/data_files.hpp"

using namespace nelbo;
using namespace nelbo::tests;
using data::Preprocessing;
using data::StoredType;

namespace {

/// `n` bytes below `end` without a visible pattern.
std::string some_bytes(std::size_t n, int end) {
  std::string bytes;
  std::uint32_t state = 12345;
  for (std::size_t i = 0; i < n; ++i) {
    state = state * 1664525 + 1013904223;
    bytes += char((state >> 16) % std::uint32_t(end));
  }
  return bytes;
}

std::uint8_t byte_of(const std::string& bytes, std::size_t i) {
  return static_cast<std::uint8_t>(bytes[i]);
}

/// The values of an example as stored, in double.
std::vector<double> values_of(const data::Split& split, std::int64_t i) {
  std::vector<std::byte> scratch(split.images.example_bytes());
  const std::byte* from = split.images.raw(i, scratch.data());
  std::vector<double> values(std::size_t(split.images.features()));
  data::of_type(split.images.type(), [&]<class T>(T) {
    for (std::size_t k = 0; k < values.size(); ++k) {
      T value;
      std::memcpy(&value, from + k * sizeof(T), sizeof(T));
      values[k] = double(value);
    }
  });
  return values;
}

/// A set whose rows are all of its split train.
data::Dataset load(const std::string& path, const Preprocessing& steps) {
  return data::load_dataset(path, {.holdout = 0, .steps = steps});
}

/// The mean over the part of a picture [H, W] that the pixel (row, column) of [h, w] covers: areas of
/// rectangles in units of the original, by real numbers.
double area_mean(const std::vector<double>& picture, double height, double width, double h,
                 double w, double row, double column) {
  const auto overlap = [](double cell, double begin, double end) {
    return std::max(0.0, std::min(cell + 1, end) - std::max(cell, begin));
  };
  double sum = 0, area = 0;
  for (double y = 0; y < height; ++y)
    for (double x = 0; x < width; ++x) {
      const double part = overlap(y, row * height / h, (row + 1) * height / h) *
                          overlap(x, column * width / w, (column + 1) * width / w);
      sum += part * picture[std::size_t(y * width + x)];
      area += part;
    }
  return sum / area;
}

}  // namespace

TEST_CASE("preprocess: resized pixels are area means, down, up and in between") {
  const TempFolder folder;
  struct Case {
    std::int64_t height, width, h, w;
    const char* type;
  };
  for (const Case& c : {Case{105, 105, 28, 28, "|b1"},
                        {7, 5, 3, 4, "|u1"},
                        {5, 4, 13, 11, "|u1"},
                        {6, 9, 6, 2, "|u1"},
                        {8, 8, 1, 1, "|u1"},
                        {2, 3, 1024, 1, "|u1"}}) {
    const bool boolean = std::string(c.type) == "|b1";
    const std::string bytes = some_bytes(std::size_t(2 * c.height * c.width), boolean ? 2 : 256);
    const std::string path = folder.write(
        "a.npy",
        npy(c.type, "(2, " + std::to_string(c.height) + ", " + std::to_string(c.width) + ")",
            bytes));
    const data::Dataset data = load(path, {.resize = data::PixelSize{c.h, c.w}});
    const data::Split& split = data.split("train");
    CHECK(split.images.type() == StoredType::float32);
    REQUIRE(split.images.shape() == std::vector<std::int64_t>{c.h, c.w});
    CHECK(data.scale == data::Scaling(boolean ? 1 : 255));
    double worst = 0;
    for (std::int64_t n = 0; n < 2; ++n) {
      std::vector<double> picture;
      for (std::int64_t k = 0; k < c.height * c.width; ++k)
        picture.push_back(byte_of(bytes, std::size_t(n * c.height * c.width + k)));
      const std::vector<double> resized = values_of(split, n);
      for (std::int64_t row = 0; row < c.h; ++row)
        for (std::int64_t column = 0; column < c.w; ++column)
          worst = std::max(
              worst, std::abs(resized[std::size_t(row * c.w + column)] -
                              area_mean(picture, double(c.height), double(c.width), double(c.h),
                                        double(c.w), double(row), double(column))));
    }
    CAPTURE(c.height, c.h);
    CHECK(worst <= 255 * 6e-8);  // half a unit of float32
  }
}

TEST_CASE("preprocess: four pixels in one are exactly their mean, and white stays white") {
  const TempFolder folder;
  const std::string bytes = some_bytes(16, 256) + std::string(16, '\xff');
  const data::Dataset data = load(folder.write("a.npy", npy("|u1", "(2, 4, 4)", bytes)),
                                  {.resize = data::PixelSize{2, 2}});
  const std::vector<double> first = values_of(data.split("train"), 0);
  CHECK(first[3] ==
        (byte_of(bytes, 10) + byte_of(bytes, 11) + byte_of(bytes, 14) + byte_of(bytes, 15)) / 4.0);
  float x[4];
  data.split("train").images.write(1, data.scale, x);
  for (const float value : x) CHECK(value == 1);
}

TEST_CASE("preprocess: crop takes the middle, of colours in either order, and of rows") {
  const TempFolder folder;
  const std::string bytes = some_bytes(2 * 5 * 6 * 3, 256);
  const auto crop = [&](const std::string& shape, const data::PixelSize& size) {
    const data::Dataset data =
        load(folder.write("a.npy", npy("|u1", shape, bytes)), {.crop = size});
    CHECK(data.splits[0].images.type() == StoredType::uint8);
    CHECK(data.splits[0].images.uint8_block() != nullptr);
    return std::pair(data.example_shape(), values_of(data.splits[0], 1));
  };
  const auto [last, of_last] = crop("(2, 5, 6, 3)", {2, 3});
  const auto [first, of_first] = crop("(2, 3, 5, 6)", {2, 3});
  CHECK(last == std::vector<std::int64_t>{2, 3, 3});
  CHECK(first == std::vector<std::int64_t>{3, 2, 3});
  for (std::size_t row = 0; row < 2; ++row)
    for (std::size_t column = 0; column < 3; ++column)
      for (std::size_t c = 0; c < 3; ++c) {
        const std::size_t y = row + 1, x = column + 1;  // of 3 rows and columns too many, 1 above
        CHECK(of_last[(row * 3 + column) * 3 + c] == byte_of(bytes, 90 + (y * 6 + x) * 3 + c));
        CHECK(of_first[(c * 2 + row) * 3 + column] == byte_of(bytes, 90 + (c * 5 + y) * 6 + x));
      }
  // A row of 36 numbers is a picture of 6 x 6.
  const auto [flat, of_flat] = crop("(5, 36)", {2, 2});
  CHECK(flat == std::vector<std::int64_t>{2, 2});
  CHECK(of_flat[3] == byte_of(bytes, 36 + 3 * 6 + 3));
  CHECK(crop("(2, 5, 6, 3)", {5, 6}).first == std::vector<std::int64_t>{5, 6, 3});
}

TEST_CASE("preprocess: channels become luma, or grey becomes colour") {
  const TempFolder folder;
  const std::string bytes = some_bytes(2 * 12, 256);
  for (const char* shape : {"(2, 2, 2, 3)", "(2, 3, 2, 2)"}) {
    const bool first = shape[4] == '3';
    const data::Dataset grey =
        load(folder.write("a.npy", npy("|u1", shape, bytes)), {.channels = 1});
    REQUIRE(grey.example_shape() == std::vector<std::int64_t>{2, 2});
    CHECK(grey.scale == data::Scaling(255));
    const std::vector<double> luma = values_of(grey.splits[0], 0);
    for (std::size_t pixel = 0; pixel < 4; ++pixel) {
      const auto channel = [&](std::size_t c) {
        return double(byte_of(bytes, first ? 4 * c + pixel : 3 * pixel + c));
      };
      CHECK(luma[pixel] ==
            Approx(0.299 * channel(0) + 0.587 * channel(1) + 0.114 * channel(2)).epsilon(1e-7));
    }
  }
  const data::Dataset colour =
      load(folder.write("a.npy", npy("|u1", "(6, 2, 2)", bytes)), {.channels = 3});
  CHECK(colour.example_shape() == std::vector<std::int64_t>{2, 2, 3});
  CHECK(colour.splits[0].images.type() == StoredType::uint8);
  CHECK(values_of(colour.splits[0], 1) == [&] {
    std::vector<double> three;
    for (std::size_t k = 0; k < 12; ++k) three.push_back(byte_of(bytes, 4 + k / 3));
    return three;
  }());
  // What it has already stays, type and shape too.
  CHECK(load(folder.write("a.npy", npy("|u1", "(2, 2, 2, 3)", bytes)), {.channels = 3})
            .splits[0]
            .images.type() == StoredType::uint8);
  // Of white the luma is white, exactly.
  const data::Dataset white = load(
      folder.write("a.npy", npy("|u1", "(1, 4, 4, 3)", std::string(48, '\xff'))), {.channels = 1});
  CHECK(values_of(white.splits[0], 0) == std::vector<double>(16, 255));
}

TEST_CASE("preprocess: the number that inverting takes from is that of the values") {
  const TempFolder folder;
  const auto inverted = [&](const std::string& name, const std::string& content) {
    return load(folder.write(name, content), {.invert = true});
  };
  const data::Dataset pixels = inverted("a.npy", npy("|u1", "(2, 2)", raw({0, 7, 200, 255})));
  CHECK(pixels.steps.greatest == 255.0);
  CHECK(pixels.scale == data::Scaling(255));
  CHECK(pixels.splits[0].images.type() == StoredType::uint8);
  CHECK(values_of(pixels.splits[0], 0) == std::vector<double>{255, 248});
  const data::Dataset bits = inverted("a.npy", npy("|u1", "(2, 2)", raw({0, 1, 1, 0})));
  CHECK(bits.steps.greatest == 1.0);
  CHECK(bits.scale == data::Scaling(1));
  CHECK(values_of(bits.splits[0], 0) == std::vector<double>{1, 0});
  const data::Dataset truth = inverted("a.npy", npy("|b1", "(2, 2)", raw({0, 1, 1, 0})));
  CHECK(truth.splits[0].images.type() == StoredType::boolean);
  CHECK(values_of(truth.splits[0], 1) == std::vector<double>{0, 1});
  const data::Dataset table = inverted("a.csv", "a,b\n1.5,-2\n0,8\n");
  CHECK(table.steps.greatest == 8.0);
  CHECK(values_of(table.splits[0], 0) == std::vector<double>{6.5, 10});
  CHECK(inverted("a.csv", "a,b\n0.5,0.25\n0,0.75\n").steps.greatest == 1.0);
  CHECK(inverted("a.csv", "a,b\n5,25\n0,200\n").steps.greatest == 200.0);
  // What a run has decided stays.
  const data::Dataset later = load(folder.write("a.npy", npy("|b1", "(2, 2)", raw({0, 1, 1, 0}))),
                                   {.invert = true, .greatest = 255});
  CHECK(values_of(later.splits[0], 0) == std::vector<double>{255, 254});
}

TEST_CASE("preprocess: all steps go through every split, in their order") {
  const TempFolder folder;
  const std::string bytes = some_bytes(10 * 6 * 8 * 3, 256);
  const std::string path = folder.write("a.npy", npy("|u1", "(10, 6, 8, 3)", bytes));
  const data::Dataset data = data::load_dataset(path, {.holdout = 0.2,
                                                       .validation = 0.25,
                                                       .steps = {.crop = data::PixelSize{4, 4},
                                                                 .resize = data::PixelSize{2, 2},
                                                                 .channels = 1,
                                                                 .invert = true}});
  CHECK(data.notes.back() ==
        "made from 6 x 8 x 3 uint8: crop 4x4, resize 2x2, channels 1, invert 255 - x");
  REQUIRE(data.splits.size() == 3);
  const data::Dataset stored = data::load_dataset(path, {.holdout = 0.2, .validation = 0.25});
  for (const data::Split& split : data.splits) {
    const data::Split& before = stored.split(split.name);
    REQUIRE(split.images.count() == before.images.count());
    for (std::int64_t i = 0; i < split.images.count(); ++i) {
      const std::vector<double> x = values_of(before, i), made = values_of(split, i);
      for (std::size_t row = 0; row < 2; ++row)
        for (std::size_t column = 0; column < 2; ++column) {
          double luma = 0;
          for (std::size_t k = 0; k < 4; ++k) {
            const double* pixel = &x[((1 + 2 * row + k / 2) * 8 + 2 + 2 * column + k % 2) * 3];
            luma += (0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]) / 4;
          }
          CHECK(made[row * 2 + column] == Approx(255 - luma).epsilon(1e-6));
        }
    }
  }
}

TEST_CASE("preprocess: too many images for the memory are made at every use") {
  const data::Dataset data = data::load_dataset(
      "sprites:full", {.holdout = 0, .steps = {.resize = data::PixelSize{32, 32}}});
  const data::Split& split = data.split("train");
  REQUIRE(split.images.count() == data::sprites::count);
  REQUIRE(split.images.shape() == std::vector<std::int64_t>{32, 32});
  for (const std::int64_t i : {std::int64_t(0), std::int64_t(123456), data::sprites::count - 1}) {
    std::vector<std::uint8_t> drawn(64 * 64);
    data::sprites::draw(data::sprites::factors(i), 64, drawn.data());
    const std::vector<double> made = values_of(split, i);
    for (std::size_t k = 0; k < made.size(); ++k) {
      const std::size_t at = k / 32 * 128 + k % 32 * 2;
      CHECK(made[k] == (drawn[at] + drawn[at + 1] + drawn[at + 64] + drawn[at + 65]) / 4.0);
    }
  }
}

TEST_CASE("preprocess: what does not fit is refused, with the shape") {
  const TempFolder folder;
  const std::string small = folder.write("a.npy", npy("|u1", "(2, 4, 4)", std::string(32, '\1')));
  const std::string table = folder.write("b.csv", "1,2,3\n4,5,6\n");
  CHECK_THROWS_WITH(load(small, {.crop = data::PixelSize{5, 4}}),
                    contains("crop: ") && contains("a.npy: 5x4 does not fit into pictures of 4x4"));
  for (const Preprocessing& steps : {Preprocessing{.crop = data::PixelSize{1, 1}},
                                     {.resize = data::PixelSize{1, 1}},
                                     {.channels = 3}})
    CHECK_THROWS_WITH(load(table, steps), contains("examples of shape 3 are no pictures"));
  for (const char* wrong : {"", "28", "28x", "x28", "28x28x3", "0x28", "28x1025", "-1x2", "28X28",
                            " 28x28", "28x28 ", "1e2x3", "99999999999999999999x1"})
    CHECK_THROWS_AS(data::parse_size("resize", wrong, data::most_side), SettingError);
  CHECK(data::parse_size("resize", "28x1024", data::most_side) == data::PixelSize{28, 1024});
}

TEST_CASE("preprocess: a subset is chosen by the seed, and leaves test and validation alone") {
  const TempFolder folder;
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += char(i);
  const std::string path =
      folder.write("a.npz", zip({{"imgs.npy", npy("|u1", "(100, 1)", bytes)},
                                 {"labels.npy", npy("|u1", "(100,)", bytes)}}));
  const auto split = [&](const std::string& name, std::int64_t subset, std::uint64_t seed) {
    const data::Dataset data = data::load_dataset(
        path, {.holdout = 0.2, .seed = seed, .validation = 0.25, .subset = subset});
    return data.split(name).labels;
  };
  const auto some = split("train", 15, 0), all = split("train", 0, 0);
  CHECK(some.size() == 15);
  CHECK(std::set<std::int64_t>(some.begin(), some.end()).size() == 15);
  CHECK(std::includes(all.begin(), all.end(), some.begin(), some.end()));
  CHECK(split("train", 15, 0) == some);
  CHECK(split("train", 15, 1) != some);
  CHECK(split("train", 60, 0) == all);
  for (const char* name : {"test", "valid"}) CHECK(split(name, 15, 0) == split(name, 0, 0));
  CHECK_THROWS_WITH(split("train", 61, 0),
                    contains("subset: ") && contains("61 of 60 training examples"));
  CHECK_THROWS_WITH(split("train", -1, 0), contains("subset: "));
}
