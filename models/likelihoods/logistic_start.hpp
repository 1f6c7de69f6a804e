#pragma once
#include <span>

namespace nelbo {

/// A rounded logistic variable.
struct LogisticStart {
  double mean, log_scale;
};

/// That of the greatest likelihood for pixels k / 255 with these 256 shares, of which 0.001 are taken to be
/// equally frequent, so that there is one. In 1 / scale and mean / scale the log-likelihood is concave:
/// Newton's iteration with steps that are halved until they gain.
LogisticStart logistic_start(std::span<const double> shares);

}  // namespace nelbo
