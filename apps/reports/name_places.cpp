#include "apps/reports/name_places.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace nelbo {

std::vector<double> spread_out(const std::vector<double>& wanted, double gap, double low,
                               double high) {
  const std::size_t n = wanted.size();
  if (n > 1) gap = std::min(gap, (high - low) / double(n - 1));
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return wanted[a] < wanted[b]; });
  // Blocks of names that touch stand around the mean of what they want (pool adjacent violators).
  struct Block {
    double sum;  // of the wanted places of first members, were each `gap` above its follower
    std::size_t count;
    double first(double gap, double low, double high) const {
      const double room = gap * double(count - 1);
      return std::clamp(sum / double(count), low, std::max(low, high - room));
    }
  };
  std::vector<Block> blocks;
  for (const std::size_t i : order) {
    blocks.push_back({wanted[i], 1});
    while (blocks.size() > 1) {
      const Block& last = blocks.back();
      Block& before = blocks[blocks.size() - 2];
      const double end = before.first(gap, low, high) + gap * double(before.count);
      if (last.first(gap, low, high) >= end - 1e-9) break;
      before.sum += last.sum - gap * double(before.count * last.count);
      before.count += last.count;
      blocks.pop_back();
    }
  }
  std::vector<double> places(n);
  std::size_t next = 0;
  for (const Block& block : blocks) {
    const double first = block.first(gap, low, high);
    for (std::size_t i = 0; i < block.count; ++i) places[order[next++]] = first + gap * double(i);
  }
  return places;
}

std::optional<Box> free_place(double x, double y, double width, double height, const Box& frame,
                              const std::vector<Box>& taken) {
  const double half = height / 2;
  for (const double away : {8.0, 16.0, 26.0, 38.0}) {
    for (const Box& box : {Box{x + away, y - half, x + away + width, y + half},
                           Box{x - away - width, y - half, x - away, y + half},
                           Box{x - width / 2, y - away - height, x + width / 2, y - away},
                           Box{x - width / 2, y + away, x + width / 2, y + away + height},
                           Box{x + away, y - away - half, x + away + width, y - away + half},
                           Box{x + away, y + away - half, x + away + width, y + away + half}}) {
      const bool free = std::none_of(taken.begin(), taken.end(),
                                     [&](const Box& other) { return box.overlaps(other); });
      if (free && frame.contains(box)) return box;
    }
  }
  return std::nullopt;
}

}  // namespace nelbo
