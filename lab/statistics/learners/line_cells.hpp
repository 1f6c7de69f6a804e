#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace nelbo::learners {

inline constexpr std::size_t most_cells = 256;

/// Cells of the line, of equal numbers where there are at most 256 different ones, else 256 of equal mass
/// that part no equal numbers.
struct LineCells {
  explicit LineCells(std::span<const double> x);

  std::vector<double> ends;         ///< [cells], the largest number of each
  std::vector<std::uint32_t> cell;  ///< [N], of each number
};

}  // namespace nelbo::learners
