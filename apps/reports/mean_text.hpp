#pragma once
#include <cstdint>
#include <string>

#include "lab/statistics/mean_and_error.hpp"

namespace nelbo {

/// "0.300 +- 0.003", with so many digits of the error. "-" stands for what is not known: "0.3 +- -" for
/// an error, "-" for a mean. What is exact (error 0) stands alone.
std::string mean_text(const MeanAndError& estimate, int digits);

/// The same in a column: the mean to the right in `width`, four decimals, and ` +- ` with the error to the
/// left in 8; of what is exact (error 0) spaces.
std::string mean_column(const MeanAndError& estimate, int width);

/// A number with so many digits; "-" for one that is not known.
std::string number_text(double value, int digits = 3);
/// The same with so many decimals.
std::string fixed_text(double value, int decimals);

/// "1 epoch", "2 epochs".
std::string counted(std::uint64_t count, const std::string& noun);

}  // namespace nelbo
