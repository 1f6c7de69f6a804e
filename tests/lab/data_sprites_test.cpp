#include "lab/data/sprites.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <set>

#include "autodiff/error.hpp"
#include "lab/files/sha256.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
namespace sprites = nelbo::data::sprites;

namespace {

std::vector<std::uint8_t> drawn(const sprites::Factors& factors, int side = 64) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(side * side));
  sprites::draw(factors, side, pixels.data());
  return pixels;
}

/// How far a point is inside the shape, in pixels (about): the formulas of the header in double
/// precision.
double depth(const sprites::Factors& f, double px, double py) {
  const double angle = 2 * std::numbers::pi * f[sprites::orientation] / 40;
  const double size = (5 + f[sprites::scale]) / 10.0;
  const double dx = px - (16 + 32.0 * f[sprites::x] / 31),
               dy = py - (16 + 32.0 * f[sprites::y] / 31);
  const double u = std::cos(angle) * dx + std::sin(angle) * dy;
  const double v = std::cos(angle) * dy - std::sin(angle) * dx;
  if (f[sprites::shape] == 0) return 9.6 * size - std::max(std::abs(u), std::abs(v));
  if (f[sprites::shape] == 1)
    return (1 - std::hypot(u / (12.8 * size), v / (7.2 * size))) * 7.2 * size;
  // The heart's polynomial, divided by the length of its gradient: a first-order distance.
  const double unit = 7.8 * size, p = u / unit, q = -v / unit, c = p * p + q * q - 1;
  const double value = p * p * q * q * q - c * c * c;
  const double along_p = 2 * p * q * q * q - 6 * p * c * c;
  const double along_q = 3 * p * p * q * q - 6 * q * c * c;
  return value / (std::hypot(along_p, along_q) + 0.05) * unit;
}

}  // namespace

TEST_CASE("Sprites: index and factors are inverse, row-major over 3 x 6 x 40 x 32 x 32") {
  CHECK(sprites::count == 3 * 6 * 40 * 32 * 32);
  CHECK(sprites::factors(0) == sprites::Factors{0, 0, 0, 0, 0});
  CHECK(sprites::factors(1) == sprites::Factors{0, 0, 0, 0, 1});
  CHECK(sprites::factors(1024) == sprites::Factors{0, 0, 1, 0, 0});
  CHECK(sprites::factors(737279) == sprites::Factors{2, 5, 39, 31, 31});
  for (std::int64_t i = 0; i < sprites::count; i += 997)
    CHECK(sprites::index(sprites::factors(i)) == i);
  CHECK_THROWS_AS(sprites::factors(-1), Error);
  CHECK_THROWS_AS(sprites::factors(737280), Error);
}

TEST_CASE("Sprites: pixels agree with the same geometry in double precision") {
  // A pixel may differ only where its centre is within 1/20 pixel of the outline.
  int wrong = 0, judged = 0, ones = 0;
  for (std::int64_t i = 0; i < sprites::count; i += 7919) {
    const sprites::Factors factors = sprites::factors(i);
    for (const int side : {64, 32}) {
      const auto pixels = drawn(factors, side);
      const double step = 64.0 / side;
      for (int row = 0; row < side; ++row)
        for (int column = 0; column < side; ++column) {
          const double d = depth(factors, (column + 0.5) * step, (row + 0.5) * step);
          if (std::abs(d) < 0.05) continue;
          ++judged;
          const int pixel = pixels[static_cast<std::size_t>(row * side + column)];
          ones += pixel;
          wrong += pixel != (d > 0);
        }
    }
  }
  CHECK(wrong == 0);
  CHECK(judged > 450000);
  CHECK(ones > 15000);
}

TEST_CASE("Sprites: all shapes lie inside the image and cover about 4 % of it") {
  std::int64_t ones = 0, images = 0;
  for (std::int64_t i = 0; i < sprites::count; i += 131) {
    const auto pixels = drawn(sprites::factors(i));
    for (int k = 0; k < 64; ++k) {
      const auto at = [&](int row, int column) {
        return pixels[static_cast<std::size_t>(64 * row + column)];
      };
      CHECK((at(0, k) | at(63, k) | at(k, 0) | at(k, 63)) == 0);
    }
    for (const std::uint8_t pixel : pixels) ones += pixel;
    ++images;
  }
  // dSprites itself has 0.0425.
  const double share = static_cast<double>(ones) / (4096.0 * static_cast<double>(images));
  CHECK_THAT(share, Catch::Matchers::WithinAbs(0.0425, 0.001));
}

TEST_CASE("Sprites: symmetries of the shapes are exact") {
  for (int turn = 0; turn < 40; ++turn)
    for (int size = 0; size < 6; ++size) {
      CHECK(drawn({0, size, turn, 9, 20}) == drawn({0, size, (turn + 10) % 40, 9, 20}));
      CHECK(drawn({1, size, turn, 9, 20}) == drawn({1, size, (turn + 20) % 40, 9, 20}));
      CHECK(drawn({2, size, turn, 9, 20}) != drawn({2, size, (turn + 20) % 40, 9, 20}));
    }
}

TEST_CASE("Sprites: the bytes are those of every other machine") {
  Sha256 hash;
  for (std::int64_t i = 0; i < sprites::count; i += 97)
    for (const int side : {64, 32}) {
      const auto pixels = drawn(sprites::factors(i), side);
      hash.update(pixels.data(), pixels.size());
    }
  CHECK(hash.hex() == "eb8868b412c3c020b7c77b1710f47c623fca3f891af40b01c614bb0a925c55df");
}

TEST_CASE("Sprites: the data sets") {
  const data::Dataset big = sprites::load("sprites"), small = sprites::load("sprites:32");
  const data::Split& images = big.split("train");
  CHECK(images.images.count() == 10000);
  CHECK(images.images.shape() == std::vector<std::int64_t>{64, 64});
  CHECK(small.split("train").images.shape() == std::vector<std::int64_t>{32, 32});
  CHECK(small.split("train").factors == images.factors);
  CHECK(images.images.uint8_block() != nullptr);
  REQUIRE(images.labels.size() == 10000);
  REQUIRE(images.factors.size() == 50000);
  CHECK(big.factor_sizes == std::vector<std::int32_t>{3, 6, 40, 32, 32});

  Sha256 hash;
  std::set<std::int64_t> indices;
  for (std::size_t i = 0; i < 10000; ++i) {
    sprites::Factors factors;
    std::copy_n(images.factors.begin() + static_cast<std::ptrdiff_t>(5 * i), 5, factors.begin());
    indices.insert(sprites::index(factors));
    CHECK(images.labels[i] == factors[sprites::shape]);
    const std::byte* pixels = images.images.raw(static_cast<std::int64_t>(i), nullptr);
    hash.update(pixels, 4096);
    if (i % 100 == 0) {
      const auto expected = drawn(factors);
      CHECK(std::memcmp(pixels, expected.data(), expected.size()) == 0);
    }
  }
  CHECK(indices.size() == 10000);
  CHECK(hash.hex() == "53e86e25d47005bd1e6ea0c615c271deb7697164c51cceb63ad5f5aa706009bd");

  const data::Dataset full = sprites::load("sprites:full");
  CHECK(full.split("train").images.count() == 737280);
  CHECK(full.split("train").images.uint8_block() == nullptr);
  std::vector<float> image(4096);
  full.split("train").images.write(700000, 1, image.data());
  const auto expected = drawn(sprites::factors(700000));
  CHECK(std::equal(image.begin(), image.end(), expected.begin()));
  CHECK_THROWS_AS(sprites::load("sprites:16"), Error);
}
