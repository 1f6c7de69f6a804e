#include "lab/data/choose_scaling.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "lab/data/data_words.hpp"
#include "lab/data/statistics.hpp"

namespace nelbo::data {
namespace {

bool holds_above_one(const Split& split) {
  if (split.images.type() != StoredType::uint8) return false;
  std::vector<std::byte> scratch(split.images.example_bytes());
  for (std::int64_t i = 0; i < split.images.count(); ++i) {
    const std::byte* values = split.images.raw(i, scratch.data());
    if (std::any_of(values, values + scratch.size(), [](std::byte b) { return b > std::byte{1}; }))
      return true;
  }
  return false;
}

}  // namespace

bool holds_pixels(const Dataset& data) {
  if (data.training().images.type() != StoredType::uint8) return false;
  const std::string& format = data.format;
  return is_made(data.spec) || format == "idx" || format == "npy" || format == "npz" ||
         format == "safetensors";
}

Scaling choose_scaling(const Dataset& data, const std::string& word) {
  check_scale(word);
  const Split& train = data.training();
  if (word == "standard") {
    FeatureMoments moments = feature_moments(train);
    return {std::move(moments.mean), std::move(moments.deviation)};
  }
  if (!word.empty()) return scale_divisor(word);
  if (is_made(data.spec)) return data.scale;
  return holds_pixels(data) && holds_above_one(train) ? 255 : 1;
}

Scaling guessed_scaling(const Dataset& data) {
  if (is_made(data.spec)) return data.scale;
  return std::any_of(data.splits.begin(), data.splits.end(), holds_above_one) ? 255 : 1;
}

}  // namespace nelbo::data
