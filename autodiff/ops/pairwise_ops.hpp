#pragma once
// Log-densities of mixtures of N diagonal normals at S x B samples, without an array of all pairs:
// the components are streamed past the samples with a running log-sum-exp, once more for the
// gradients. Memory O((S B + N) D). This is what makes the aggregated posterior of Zheng eq. (24)
// an ordinary metric.
#include <vector>

#include "autodiff/tape.hpp"

namespace nelbo {

/// Natural logarithms of the weights of the components as sample [s, b] sees them; -infinity leaves
/// a component out. `own` and `stand_in` are for mixtures of a batch's own posteriors (N = B).
struct PairwiseWeights {
  double other;             // of component n
  double own = other;       // of component n = b, the sample's own posterior
  double stand_in = other;  // of component n = (b + 1) mod B, if that is not b: Chen et al. (2018,
                            // appendix C.2) give one component the mass of all that are missing
};

/// Which log-densities to compute.
struct PairwiseRequest {
  bool joint = true;
  bool marginals = false;                     // of every dimension
  std::vector<std::vector<int>> groups = {};  // joint within each of these disjoint sets
};

/// What was asked for; the rest is empty.
struct PairwiseLogProb {
  Var joint;      // [S, B]
  Var marginals;  // [S, B, D]
  Var groups;     // [S, B, G]
};

/// log sum_n w_n prod_{d in g} N(z_d; mean_nd, exp(log_variance_nd)) for g all dimensions, each
/// one, and the groups: z [S, B, D] or [B, D], mean and log_variance [N, D]. Gradients reach all
/// three operands. Throws Error for other shapes; for groups that are empty, overlap or name a
/// dimension that z does not have; for `own` or `stand_in` where N is not B; and where a sample is
/// left without any component (leave-one-out with B = 1).
PairwiseLogProb pairwise_normal_log_prob(Var z, Var mean, Var log_variance,
                                         const PairwiseWeights& weights,
                                         const PairwiseRequest& request = {});

}  // namespace nelbo
