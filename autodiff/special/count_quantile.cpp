#include "autodiff/special/count_quantile.hpp"

#include <cmath>

#include "autodiff/special/beta_quantile.hpp"
#include "autodiff/special/gamma_quantile.hpp"
#include "autodiff/special/tail.hpp"

namespace nelbo::special {
namespace {

constexpr double greatest = 0x1p53;  // beyond it doubles skip whole numbers

/// A count of mean m and inverse dispersion r; r = infinity is Poisson's.
class Count {
 public:
  Count(double log_mean, double log_r)
      : log_mean_(log_mean),
        log_r_(log_r),
        mean_(std::exp(log_mean)),
        r_(log_r > 40 ? INFINITY : std::exp(log_r)) {}

  bool valid() const { return std::isfinite(mean_) && r_ > 0 && mean_ < greatest; }
  double deviation() const { return std::sqrt(mean_ + mean_ * (mean_ / r_)); }
  double mean() const { return mean_; }

  /// Adds up the masses from 0 on; -1 where they begin too small, or there are too many.
  double by_sum(double u) const {
    const bool poisson = std::isinf(r_);
    double mass = poisson ? std::exp(-mean_) : std::exp(-r_ * std::log1p(mean_ / r_));
    if (mass < 1e-280) return -1;
    const double share = poisson ? mean_ : mean_ / (r_ + mean_);
    double below = mass;
    constexpr int most = 4096;
    for (int k = 0; k < most; ++k) {
      // Above the mean masses fall: what is left cannot reach a u that rounding keeps away.
      if (below >= u || (k > mean_ && mass < 1e-18 * below)) return k;
      mass *= poisson ? share / (k + 1) : share * ((r_ + k) / (k + 1));
      below += mass;
    }
    return -1;
  }

  /// Whether P(X <= k) >= u: tails of a gamma variable, or of a beta variable.
  bool reaches(double k, double u) const {
    if (k < 0) return false;
    if (std::isinf(r_)) return LogGamma(k + 1).at(log_mean_).log_upper >= std::log(u);
    return LogitBeta(r_, k + 1).at(log_r_ - log_mean_).log_lower >= std::log(u);
  }

 private:
  double log_mean_, log_r_, mean_, r_;
};

}  // namespace

double count_quantile(double log_mean, double log_r, double u) {
  const Count count(log_mean, log_r);
  if (!count.valid() || !(u > 0 && u < 1)) return std::nan("");
  if (const double k = count.by_sum(u); k >= 0) return k;
  const double deviation = count.deviation();
  double high = std::floor(count.mean() + rough_normal_quantile(u, 1 - u) * deviation);
  double low = high - 1, step = std::fmax(1, std::floor(0.1 * deviation));
  for (; high < greatest && !count.reaches(high, u); step *= 2) low = high, high += step;
  for (step = 1; low >= 0 && count.reaches(low, u); step *= 2) high = low, low -= step;
  while (high - low > 1) {
    const double middle = std::floor(low + 0.5 * (high - low));
    (count.reaches(middle, u) ? high : low) = middle;
  }
  return std::fmax(high, 0);
}

}  // namespace nelbo::special
