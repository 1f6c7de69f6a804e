#pragma once
// Real numbers as classes, so that information can be counted.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace nelbo::disentanglement {

/// A column of the points as classes.
struct Classes {
  std::vector<std::uint8_t> of;  ///< [N], each of 0 .. count - 1
  std::size_t count = 0;
  bool exact = false;  ///< a class for each value, not a bin of several
};

/// What takes at most so many different values is counted as it is.
inline constexpr std::size_t most_exact = 200;

/// A class for every value where there are at most most_exact, in ascending order, else `bins` <=
/// most_exact bins of equal mass by rank: the same for every strictly increasing function of the
/// values. Equal values share a bin. Of no value there is no class.
Classes exact_or_equal_mass(std::span<const double> values, std::size_t bins);

/// `bins` bins of equal width from the least to the greatest value, both included, as
/// disentanglement_lib discretises codes; one class where all are equal.
Classes equal_width(std::span<const double> values, std::size_t bins);

/// How many bins of equal mass a code gets beside factors of up to `classes` values: as many as leave
/// 5 points to a cell of the table, a multiple of 20 from 20 to 200, so that the 20 bins of a
/// continuous factor are nested in them. At least 5 points share a bin.
std::size_t equal_mass_bins(std::size_t points, std::size_t classes);

/// The bins of a factor that takes more than most_exact values.
inline constexpr std::size_t continuous_bins = 20;

}  // namespace nelbo::disentanglement
