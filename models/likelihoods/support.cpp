#include "models/likelihoods/support.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace nelbo {
namespace {

/// The shortest digits that are this number among floats: what the data hold.
std::string digits(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.begin(), text.end(), float(value)).ptr;
  return {text.begin(), end};
}

/// Floats of this size and above are whole numbers.
constexpr float always_whole = 1 << 23;

bool is_whole(float value) {
  const float small = std::fabs(value) < always_whole ? value : 0;
  return small == float(int(small));
}

/// Whether a value is k / 255 in [0, 1], but for its rounding to float.
bool is_level(float value) {
  constexpr float rounding = 1e-4f;
  const bool inside = value >= 0 && value <= 1;
  const float level = inside ? 255 * value : 0;
  return inside & (std::fabs(level - float(int(level + 0.5f))) < rounding);
}

}  // namespace

void Extent::add(std::span<const float> values) {
  float low = std::numeric_limits<float>::infinity(), high = -low;
  bool all_whole = true, all_levels = true;
  for (const float value : values) {  // without branches: data have millions of them
    const bool missing = value != value;
    low = value < low ? value : low;
    high = value > high ? value : high;
    all_whole &= missing | is_whole(value);
    all_levels &= missing | is_level(value);
  }
  add(Extent{double(low), double(high), all_whole, all_levels});
}

void Extent::add(const Extent& other) {
  least = std::min(least, other.least);
  greatest = std::max(greatest, other.greatest);
  whole = whole && other.whole;
  levels = levels && other.levels;
}

std::string Extent::text() const { return "from " + digits(least) + " to " + digits(greatest); }

bool Support::holds(const Extent& extent) const {
  if (extent.empty()) return true;
  const bool inside = open ? extent.least > least && extent.greatest < greatest
                           : extent.least >= least && extent.greatest <= greatest;
  return inside && (extent.whole || !whole) && (extent.levels || !levels);
}

std::string Support::text() const {
  const std::string numbers = whole ? "whole numbers" : levels ? "pixels k/255" : "numbers";
  if (std::isinf(least) && std::isinf(greatest)) return numbers;
  if (std::isinf(greatest)) return numbers + " from " + digits(least) + " on";
  if (std::isinf(least)) return numbers + " up to " + digits(greatest);
  return numbers + " in " + (open ? "(" : "[") + digits(least) + ", " + digits(greatest) +
         (open ? ")" : "]");
}

}  // namespace nelbo
