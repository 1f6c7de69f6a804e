#include "lab/statistics/learners/roc.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace nelbo::learners {

RocArea roc_area(std::span<const double> scores, const std::vector<bool>& positive) {
  const std::size_t count = scores.size();
  const double positives = double(std::count(positive.begin(), positive.end(), true));
  const double negatives = double(count) - positives;
  RocArea result{std::numeric_limits<double>::quiet_NaN(), std::vector<double>(count, 0.0)};
  if (positives == 0 || negatives == 0) return result;

  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return scores[a] < scores[b]; });
  // A point's placement: which share of the other kind it stands on the right side of.
  double below[2] = {0, 0}, area = 0;  // negatives and positives of lower scores
  for (std::size_t first = 0, last = 0; first < count; first = last) {
    double equal[2] = {0, 0};
    for (; last < count && !(scores[order[first]] < scores[order[last]]); ++last) {
      ++equal[positive[order[last]]];
    }
    for (std::size_t i = first; i < last; ++i) {
      const std::size_t n = order[i];
      result.influence[n] = positive[n] ? (below[0] + equal[0] / 2) / negatives
                                        : 1 - (below[1] + equal[1] / 2) / positives;
      if (positive[n]) area += result.influence[n];
    }
    below[0] += equal[0], below[1] += equal[1];
  }
  area /= positives;
  result.area = area;
  for (std::size_t n = 0; n < count; ++n) {
    result.influence[n] = (result.influence[n] - area) / (positive[n] ? positives : negatives);
  }
  return result;
}

}  // namespace nelbo::learners
