#include "lab/statistics/ranks.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace nelbo {

std::vector<double> mid_ranks(std::span<const double> x) {
  std::vector<std::uint32_t> order(x.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return x[a] < x[b]; });
  std::vector<double> ranks(x.size());
  for (std::size_t first = 0, last = 0; first < x.size(); first = last) {
    while (last < x.size() && x[order[last]] == x[order[first]]) ++last;
    const double rank = double(first + last + 1) / 2;
    for (std::size_t i = first; i < last; ++i) ranks[order[i]] = rank;
  }
  return ranks;
}

}  // namespace nelbo
