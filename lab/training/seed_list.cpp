#include "lab/training/seed_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "autodiff/number_of.hpp"
#include "autodiff/setting_error.hpp"

namespace nelbo {
namespace {

constexpr std::size_t most_seeds = 1000;

[[noreturn]] void refuse(const std::string& text, const std::string& reason) {
  throw SettingError("seeds", fmt::format("'{}': {}", text, reason));
}

/// The seed that is the whole of `part`; seeds are TOML's integers, and none is negative.
std::optional<std::uint64_t> seed_of(std::string_view part) {
  const auto seed = number_of<std::int64_t>(part);
  if (!seed || part.front() == '-') return std::nullopt;
  return std::uint64_t(*seed);
}

}  // namespace

std::vector<std::uint64_t> read_seeds(const std::string& text) {
  std::vector<std::uint64_t> seeds;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t comma = std::min(text.find(',', start), text.size());
    const std::string part = text.substr(start, comma - start);
    const std::size_t dots = part.find("..");
    const auto first = seed_of(part.substr(0, dots));
    const auto last = dots == std::string::npos ? first : seed_of(part.substr(dots + 2));
    if (!first || !last) {
      refuse(text, fmt::format("'{}' is no seed; seeds are written as in 0..4 or 1,3,5, each a "
                               "whole number from 0 to 2^63 - 1",
                               part));
    }
    if (*first > *last) refuse(text, "a range goes from the lower seed to the higher");
    if (*last - *first >= most_seeds - seeds.size()) {
      refuse(text, fmt::format("more than {} seeds", most_seeds));
    }
    for (std::uint64_t seed = *first; seed <= *last; ++seed) {
      if (std::find(seeds.begin(), seeds.end(), seed) != seeds.end()) {
        refuse(text, fmt::format("seed {} is there twice", seed));
      }
      seeds.push_back(seed);
    }
    start = comma + 1;
  }
  return seeds;
}

}  // namespace nelbo
