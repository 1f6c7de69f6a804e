#include "lab/evaluation/disentanglement/bins.hpp"

#include <algorithm>
#include <numeric>

namespace nelbo::disentanglement {
namespace {

std::size_t distinct(std::span<const double> sorted) {
  std::size_t count = sorted.empty() ? 0 : 1;
  for (std::size_t i = 1; i < sorted.size(); ++i) count += sorted[i] != sorted[i - 1];
  return count;
}

}  // namespace

Classes exact_or_equal_mass(std::span<const double> values, std::size_t bins) {
  const std::size_t n = values.size();
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return values[a] < values[b]; });
  std::vector<double> sorted(n);
  for (std::size_t i = 0; i < n; ++i) sorted[i] = values[order[i]];

  Classes classes{.of = std::vector<std::uint8_t>(n), .count = distinct(sorted)};
  classes.exact = classes.count <= most_exact;
  if (!classes.exact) classes.count = bins;
  std::size_t tie = 0;
  for (std::size_t first = 0, last = 0; first < n; first = last, ++tie) {
    for (last = first + 1; last < n && sorted[last] == sorted[first];) ++last;
    // The middle of the tie's ranks, (first + last) / 2 of N.
    const std::size_t bin =
        classes.exact ? tie : std::min(bins * (first + last) / (2 * n), bins - 1);
    for (std::size_t i = first; i < last; ++i) classes.of[order[i]] = std::uint8_t(bin);
  }
  return classes;
}

Classes equal_width(std::span<const double> values, std::size_t bins) {
  Classes classes{.of = std::vector<std::uint8_t>(values.size()), .count = 1};
  if (values.empty()) return classes;
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  const double low = *least, width = *greatest - low;
  if (!(width > 0)) return classes;
  classes.count = bins;
  for (std::size_t n = 0; n < values.size(); ++n) {
    const double at = (values[n] - low) / width * double(bins);
    classes.of[n] = std::uint8_t(std::min(std::size_t(at), bins - 1));
  }
  return classes;
}

std::size_t equal_mass_bins(std::size_t points, std::size_t classes) {
  constexpr std::size_t per_cell = 5, step = continuous_bins;
  const std::size_t wanted = points / (per_cell * std::max<std::size_t>(classes, 1));
  const std::size_t bins = std::clamp(wanted / step * step, step, most_exact);
  return std::clamp<std::size_t>(points / per_cell, 1, bins);
}

}  // namespace nelbo::disentanglement
