#include "lab/statistics/learners/line_cells.hpp"

#include <algorithm>
#include <numeric>

namespace nelbo::learners {

LineCells::LineCells(std::span<const double> x) : cell(x.size()) {
  std::vector<std::uint32_t> order(x.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return x[a] < x[b]; });
  std::size_t distinct = 1;
  for (std::size_t i = 1; i < x.size(); ++i) distinct += x[order[i]] != x[order[i - 1]];
  std::size_t next = 0;  // the number that the next cell of equal mass begins with
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool differs = i == 0 || x[order[i]] != x[order[i - 1]];
    if (differs && (i >= next || distinct <= most_cells)) {
      const std::size_t left =
          std::max<std::size_t>(most_cells - std::min(most_cells, ends.size()), 1);
      next = i + (x.size() - i + left - 1) / left;
      ends.push_back(0);
    }
    ends.back() = x[order[i]];
    cell[order[i]] = std::uint32_t(ends.size() - 1);
  }
}

}  // namespace nelbo::learners
