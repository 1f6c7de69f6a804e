#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "lab/data/dataset.hpp"

/// Generated images with five known factors, after dSprites (Matthey et al. 2017): one white shape
/// on black. Everything is integer arithmetic on literal tables, so the bytes are the same on every
/// machine.
namespace nelbo::data::sprites {

/// Factor values are indices; the index of an image is row-major over these sizes.
enum Factor { shape, scale, orientation, x, y };
inline constexpr std::array<std::int32_t, 5> sizes{3, 6, 40, 32, 32};
inline constexpr std::array<const char*, 5> names{"shape", "scale", "orientation", "x", "y"};
inline constexpr std::int64_t count = 737280;

/// shape 0 square, 1 ellipse, 2 heart; scale k: (5 + k) / 10 of the full size; orientation k: 9 k
/// degrees; x and y k: centre at (16 + 32 k / 31) / 64 of the side.
using Factors = std::array<std::int32_t, 5>;

/// The same in units: shape as above, scale 0.5 to 1, orientation in radians, x and y of the centre as
/// shares of the side.
using Values = std::array<double, 5>;

Values values(const Factors& factors);
Factors factors(std::int64_t index);  ///< 0 <= index < count, else throws Error
std::int64_t index(const Factors& factors);

/// Draws an image of side x side bytes (0 or 1), row-major; side is 64 or 32. A pixel is 1 when its
/// centre lies in the shape, so both sizes show the same scene.
void draw(const Factors& factors, int side, std::uint8_t* pixels);

/// The data set: "sprites" (a fixed subset of 10,000 images, 64x64), "sprites:32" (the same images
/// at 32x32), "sprites:grid" (the 46,080 of every fourth orientation and every second x and y, 64x64),
/// "sprites:grid:32" (the same at 32x32) or "sprites:full" (all 737,280, drawn on demand), with one
/// split "train", labels = shape, and the factors with their values. Throws Error for any other name.
Dataset load(const std::string& name);

}  // namespace nelbo::data::sprites
