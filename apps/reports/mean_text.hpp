#pragma once
#include <string>

#include "lab/statistics/mean_and_error.hpp"

namespace nelbo {

/// "0.300 +- 0.003", with so many digits of the error. "-" stands for what is not known: "0.3 +- -" for
/// an error, "-" for a mean.
std::string mean_text(const MeanAndError& estimate, int digits);

/// The same in a column: the mean to the right in `width`, four decimals, and ` +- ` with the error to the
/// left in 8; of what is exact (error 0) spaces.
std::string mean_column(const MeanAndError& estimate, int width);

/// A number with so many digits; "-" for one that is not known.
std::string number_text(double value, int digits = 3);
/// The same with so many decimals.
std::string fixed_text(double value, int decimals);

}  // namespace nelbo
