#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace nelbo {

/// All n samples against all n posteriors in d dimensions: joint density and every marginal.
struct PairwiseTime {
  std::string name;  // hagg: forward; tcterms: forward, and gradients to z, mean and log-variance
  std::int64_t n, d;
  double ms;               // median of a call
  double pair_dims_per_s;  // n n d / time
  /// Time that the plain exp kernel would take for d + 1 exponentials a pair (its marginals' and
  /// its joint density's), taken once more for the gradient, over the time that all of it took.
  double share_of_exp_limit;
};

struct PairwiseReport {
  double exp_per_s;  // of the plain float32 exp kernel on numbers in the first-level cache
  std::vector<PairwiseTime> workloads;
};

/// Times the workloads on the threads in use, about `seconds` each, or one call where that is more.
PairwiseReport bench_pairwise(double seconds);

}  // namespace nelbo
