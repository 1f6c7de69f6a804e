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

}  // namespace

void Extent::add(std::span<const float> values) {
  float low = std::numeric_limits<float>::infinity(), high = -low;
  bool all_whole = true;
  for (const float value : values) {
    if (std::isnan(value)) continue;  // missing
    low = std::min(low, value);
    high = std::max(high, value);
    all_whole &= value == std::floor(value);
  }
  add(Extent{double(low), double(high), all_whole});
}

void Extent::add(const Extent& other) {
  least = std::min(least, other.least);
  greatest = std::max(greatest, other.greatest);
  whole = whole && other.whole;
}

std::string Extent::text() const { return "from " + digits(least) + " to " + digits(greatest); }

bool Support::holds(const Extent& extent) const {
  return extent.empty() ||
         (extent.least >= least && extent.greatest <= greatest && (extent.whole || !whole));
}

std::string Support::text() const {
  const std::string numbers = whole ? "whole numbers" : "numbers";
  if (std::isinf(least) && std::isinf(greatest)) return numbers;
  if (std::isinf(greatest)) return numbers + " from " + digits(least) + " on";
  if (std::isinf(least)) return numbers + " up to " + digits(greatest);
  return numbers + " in [" + digits(least) + ", " + digits(greatest) + "]";
}

}  // namespace nelbo
