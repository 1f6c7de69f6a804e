#pragma once
#include <cstdint>

#include "apps/support/examples.hpp"
#include "models/vae.hpp"

namespace nelbo {

/// A mean over data and its standard error, s / sqrt(N) with s the sample standard deviation; NaN
/// for N = 1.
struct Estimate {
  double mean = 0;
  double standard_error = 0;
};

/// Sums from which an Estimate is made, one value after the other (Welford 1962: no cancellation).
class RunningEstimate {
 public:
  void add(double value);
  Estimate result() const;

 private:
  double count_ = 0;
  double mean_ = 0;
  double squares_ = 0;  // of deviations from the mean
};

/// The terms of the bound, nats per datum.
struct Estimates {
  Estimate elbo;  // -(nell + div), Zheng eqs (13)-(14)
  Estimate nell;  // eq. (15), one draw of z per datum
  Estimate div;   // eq. (16), closed form
};

/// Evaluates every example once, in batches and without gradients, with the noise that `nelbo
/// train` uses for its held-out figures under the same seed.
Estimates estimate_terms(const Vae& model, const Examples& examples, std::uint64_t seed);

}  // namespace nelbo
