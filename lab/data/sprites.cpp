#include "lab/data/sprites.hpp"

#include <algorithm>
#include <cstring>
#include <numbers>
#include <vector>

#include "autodiff/random.hpp"
#include "autodiff/random_variables.hpp"
#include "lab/files/internal/fail.hpp"

namespace nelbo::data::sprites {
namespace {

// Lengths are in 1/256 of a pixel of the 64 x 64 image, rounded to integers.
constexpr std::int64_t pixel = 256;
constexpr std::int64_t half_square = 2458;     // 9.6 pixels at full scale
constexpr std::int64_t ellipse_long = 3277;    // 12.8 pixels
constexpr std::int64_t ellipse_short = 1843;   // 7.2 pixels
constexpr std::int64_t heart_unit = 1997;      // 7.8 pixels
constexpr std::int64_t farthest = 15 * pixel;  // beyond every shape's reach at full scale

// 2^15 sin(9 k degrees), k = 0..10, rounded.
constexpr std::int64_t one = 32768;
constexpr std::array<std::int64_t, 11> quarter_sine{0,     5126,  10126, 14876, 19261, 23170,
                                                    26510, 29197, 31164, 32365, 32768};

std::int64_t sine(int k) {
  k %= 40;
  const int in_half = k % 20;
  const std::int64_t value =
      quarter_sine[static_cast<std::size_t>(in_half <= 10 ? in_half : 20 - in_half)];
  return k < 20 ? value : -value;
}

bool in_square(std::int64_t u, std::int64_t v, std::int64_t scale10) {
  const std::int64_t half = half_square * scale10;
  return std::max(std::abs(u), std::abs(v)) * 10 <= half;
}

/// (u / a)^2 + (v / b)^2 <= 1, multiplied out.
bool in_ellipse(std::int64_t u, std::int64_t v, std::int64_t scale10) {
  const std::int64_t a = ellipse_long * scale10 / 10, b = ellipse_short * scale10 / 10;
  return u * u * b * b + v * v * a * a <= a * a * b * b;
}

/// (p^2 + q^2 - 1)^3 <= p^2 q^3 with p = u / unit, q = -v / unit (rows count downwards).
bool in_heart(std::int64_t u, std::int64_t v, std::int64_t scale10) {
  constexpr std::int64_t grain = 512;  // p and q in 1/512: the cube below stays under 2^62
  const std::int64_t unit = heart_unit * scale10;
  const std::int64_t p = u * grain * 10 / unit, q = -v * grain * 10 / unit;
  constexpr std::int64_t reach = 3 * grain / 2;
  if (std::abs(p) > reach || std::abs(q) > reach) return false;
  const std::int64_t circle = p * p + q * q - grain * grain;
  return circle * circle * circle <= p * p * q * q * q * grain;
}

class Generated final : public ImageSource {
 public:
  std::int64_t count() const override { return sprites::count; }
  StoredType type() const override { return StoredType::uint8; }
  const std::vector<std::int64_t>& shape() const override { return shape_; }
  const std::byte* example(std::int64_t i, std::byte* scratch) const override {
    draw(factors(i), 64, reinterpret_cast<std::uint8_t*>(scratch));
    return scratch;
  }

 private:
  std::vector<std::int64_t> shape_{64, 64};
};

std::vector<std::uint32_t> subset() {
  constexpr std::size_t subset_size = 10000;
  constexpr std::uint64_t fixed_seed = 737280;  // part of the data set's definition
  std::vector<std::uint32_t> order(static_cast<std::size_t>(count));
  fill_permutation(order.data(), order.size(), random_variables::sprites.of(fixed_seed), 0);
  order.resize(subset_size);
  return order;
}

/// Every fourth orientation, and every second x and y.
std::vector<std::uint32_t> grid_indices() {
  constexpr Factors steps{1, 1, 4, 2, 2};
  std::vector<std::uint32_t> indices;
  for (std::int64_t i = 0; i < count; ++i) {
    const Factors of = factors(i);
    bool on_grid = true;
    for (std::size_t f = 0; f < of.size(); ++f) on_grid &= of[f] % steps[f] == 0;
    if (on_grid) indices.push_back(static_cast<std::uint32_t>(i));
  }
  return indices;
}

Images draw_all(const std::vector<std::uint32_t>& indices, int side) {
  const std::size_t area = static_cast<std::size_t>(side) * static_cast<std::size_t>(side);
  Array array;
  array.shape = {static_cast<std::int64_t>(indices.size()), side, side};
  array.bytes.resize(indices.size() * area);
  auto* pixels = reinterpret_cast<std::uint8_t*>(array.bytes.data());
  for (const std::uint32_t index : indices) {
    draw(factors(index), side, pixels);
    pixels += area;
  }
  return Images(std::move(array));
}

}  // namespace

Factors factors(std::int64_t index) {
  if (index < 0 || index >= count)
    throw Error(fmt::format("sprites: index {} is not in 0..{}", index, count - 1));
  Factors values;
  for (std::size_t f = sizes.size(); f-- > 0;) {
    values[f] = static_cast<std::int32_t>(index % sizes[f]);
    index /= sizes[f];
  }
  return values;
}

Values values(const Factors& factors) {
  const auto centre = [](std::int32_t k) { return (16 + 32 * k / 31.0) / 64; };
  return {double(factors[shape]), (5 + factors[scale]) / 10.0,
          2 * std::numbers::pi * factors[orientation] / sizes[orientation], centre(factors[x]),
          centre(factors[y])};
}

std::int64_t index(const Factors& factors) {
  std::int64_t index = 0;
  for (std::size_t f = 0; f < sizes.size(); ++f) index = index * sizes[f] + factors[f];
  return index;
}

void draw(const Factors& factors, int side, std::uint8_t* pixels) {
  std::memset(pixels, 0, static_cast<std::size_t>(side) * static_cast<std::size_t>(side));
  const std::int64_t step = 64 * pixel / side;
  const std::int64_t centre_x = 16 * pixel + 32 * pixel * factors[x] / 31;
  const std::int64_t centre_y = 16 * pixel + 32 * pixel * factors[y] / 31;
  const std::int64_t s = sine(factors[orientation]), c = sine(factors[orientation] + 10);
  const std::int64_t scale10 = 5 + factors[scale];
  for (int row = 0; row < side; ++row) {
    const std::int64_t dy = row * step + step / 2 - centre_y;
    if (std::abs(dy) > farthest) continue;
    for (int column = 0; column < side; ++column) {
      const std::int64_t dx = column * step + step / 2 - centre_x;
      if (std::abs(dx) > farthest) continue;
      // The pixel's centre in the shape's own frame. Division rounds to zero, so a half turn is
      // exact.
      const std::int64_t u = (dx * c + dy * s) / one, v = (dy * c - dx * s) / one;
      const bool inside = factors[shape] == 0   ? in_square(u, v, scale10)
                          : factors[shape] == 1 ? in_ellipse(u, v, scale10)
                                                : in_heart(u, v, scale10);
      pixels[row * side + column] = inside;
    }
  }
}

Dataset load(const std::string& name) {
  Dataset dataset;
  dataset.spec = name;
  dataset.format = "sprites";
  dataset.version = "nelbo " + name + " 1";
  dataset.factor_names.assign(names.begin(), names.end());
  dataset.factor_sizes.assign(sizes.begin(), sizes.end());
  std::vector<std::uint32_t> indices;
  if (name == "sprites:full") {
    indices.resize(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<std::uint32_t>(i);
    dataset.splits.push_back({"train", Images(std::make_shared<Generated>()), {}, {}, {}});
  } else if (name == "sprites" || name == "sprites:32" || name == "sprites:grid" ||
             name == "sprites:grid:32") {
    indices = name.starts_with("sprites:grid") ? grid_indices() : subset();
    const int side = name.ends_with(":32") ? 32 : 64;
    dataset.splits.push_back({"train", draw_all(indices, side), {}, {}, {}});
  } else {
    throw Error(one_line("unknown data set '" + name +
                         "': sprites are sprites, sprites:32, sprites:full, sprites:grid and "
                         "sprites:grid:32"));
  }
  Split& split = dataset.splits.back();
  for (const std::uint32_t index : indices) {
    const Factors of = factors(index);
    const Values in_units = values(of);
    split.labels.push_back(of[shape]);
    split.factors.insert(split.factors.end(), of.begin(), of.end());
    split.factor_values.insert(split.factor_values.end(), in_units.begin(), in_units.end());
  }
  return dataset;
}

}  // namespace nelbo::data::sprites
