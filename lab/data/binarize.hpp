#pragma once
#include <string>

namespace nelbo::data {

/// How values in [0, 1] become 0 and 1. Applied to value / scale.
enum class Binarize {
  none,       ///< not at all
  threshold,  ///< 1 where the value is above 1/2
  fixed,      ///< drawn once by seed, each 1 with the probability that is its value
  dynamic,    ///< training examples drawn anew at each step, test examples once by seed
};

/// Reads "none", "threshold", "fixed" or "dynamic"; throws SettingError listing them otherwise.
Binarize parse_binarize(const std::string& name);
const char* name_of(Binarize policy);

}  // namespace nelbo::data
