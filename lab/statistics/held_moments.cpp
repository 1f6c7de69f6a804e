#include "lab/statistics/held_moments.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "lab/statistics/lane_sum.hpp"

namespace nelbo::gradvar {
namespace {

/// Parameters at a time: read from memory once, then from the first-level cache.
constexpr std::size_t tile = 1024;

}  // namespace

HeldMoments::HeldMoments(const GradientMoments& half, std::vector<std::vector<float>> part_means)
    : mean_(half.mean().begin(), half.mean().end()),
      ratio_(half.parameters()),
      part_means_(std::move(part_means)) {
  for (std::size_t j = 0; j < ratio_.size(); ++j) {
    const double v = half.squares()[j] / (double(half.count()) - 1);
    ratio_[j] = v > rounding_variance * mean_[j] * mean_[j] ? mean_[j] / v : 0;
  }
}

double HeldMoments::part_norm(std::size_t part, const Ranges& ranges) const {
  LaneSum sum;
  for (const Range& range : ranges) {
    const float* p = part_means_[part].data() + range.offset;
    sum.add(range.length, [p](std::size_t i) { return double(p[i]) * double(p[i]); });
  }
  return std::sqrt(sum.total());
}

template <class T>
HeldMoments::Sums HeldMoments::sums_of(const T* gradient, const Ranges& ranges,
                                       std::size_t part) const {
  LaneSum square, along, deviation, ratio, spread, of_part;
  for (const Range& range : ranges) {
    const std::size_t end = range.offset + range.length;
    for (std::size_t start = range.offset; start < end; start += tile) {
      const std::size_t n = std::min(tile, end - start);
      const T* g = gradient + start;
      const double *m = mean_.data() + start, *w = ratio_.data() + start;
      square.add(n, [=](std::size_t i) { return double(g[i]) * double(g[i]); });
      along.add(n, [=](std::size_t i) { return m[i] * double(g[i]); });
      deviation.add(n, [=](std::size_t i) {
        const double d = double(g[i]) - m[i];
        return d * d;
      });
      ratio.add(n, [=](std::size_t i) { return w[i] * double(g[i]); });
      spread.add(n, [=](std::size_t i) {
        const double d = w[i] * (double(g[i]) - m[i]);
        return d * d;
      });
      if (part >= part_means_.size()) continue;
      const float* p = part_means_[part].data() + start;
      of_part.add(n, [=](std::size_t i) { return double(p[i]) * double(g[i]); });
    }
  }
  return {square.total(), along.total(),  deviation.total(),
          ratio.total(),  spread.total(), of_part.total()};
}

HeldMoments::Sums HeldMoments::sums(std::span<const float> gradient, const Ranges& ranges,
                                    std::size_t part) const {
  return sums_of(gradient.data(), ranges, part);
}
HeldMoments::Sums HeldMoments::sums(std::span<const double> gradient, const Ranges& ranges,
                                    std::size_t part) const {
  return sums_of(gradient.data(), ranges, part);
}

}  // namespace nelbo::gradvar
