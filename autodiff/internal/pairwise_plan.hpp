#pragma once
#include <cstddef>
#include <cstdint>

#include "autodiff/kernels/pairwise.hpp"
#include "autodiff/operator.hpp"
#include "autodiff/ops/pairwise_ops.hpp"

namespace nelbo {

/// What pairwise_normal_log_prob fixes at recording. The slots are the marginals, the groups and the
/// joint density, as far as they are wanted; the dimensions are reordered so that each group's are
/// neighbours.
struct PairwisePlan {
  std::int64_t samples, batch, components, dims, groups;
  bool marginals, joint;
  double shift;                 // log-weight of all components, to which those below are relative
  double own, stand_in, other;  // log2
  const std::int32_t* order;    // [dims]: the dimension at each place
  const kernels::PairwiseSegment* segments;
  std::size_t segment_count;

  std::int64_t first_group() const { return marginals ? dims : 0; }
  std::int64_t slots() const { return first_group() + groups + (joint ? 1 : 0); }
  bool weighted() const { return own != 0 || stand_in != 0 || other != 0; }
};

/// Of z [S, B, D] or [B, D], mean and log_variance [N, D]; its arrays are in the recorder's workspace.
/// Throws Error as pairwise_normal_log_prob says.
PairwisePlan plan_pairwise(const Shape& z, const Shape& mean, const Shape& log_variance,
                           const PairwiseWeights& weights, const PairwiseRequest& request,
                           Recorder recorder);

}  // namespace nelbo
