#pragma once
#include <string>

namespace nelbo {

/// Which way an estimate errs on average.
enum class Bias {
  none,         // unbiased
  under,        // below the quantity
  over,         // above it
  undetermined  // biased, and theory does not say which way
};

/// "0", "-", "+" or "?".
std::string sign(Bias bias);
/// "unbiased", "under-estimates", "over-estimates" or "biased, sign not determined".
std::string meaning(Bias bias);

/// The bias of the negated estimate.
Bias operator-(Bias bias);
/// The bias of the sum of two estimates.
Bias operator+(Bias a, Bias b);

}  // namespace nelbo
