#include "autodiff/internal/pairwise_plan.hpp"

#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "autodiff/error.hpp"

namespace nelbo {
namespace {

using kernels::PairwiseSegment;

constexpr double infinity = std::numeric_limits<double>::infinity();

[[noreturn]] void fail(const std::string& what) {
  throw Error("pairwise_normal_log_prob: " + what);
}

void check_shapes(const Shape& z, const Shape& mean, const Shape& log_variance) {
  if ((z.rank() != 2 && z.rank() != 3) || mean.rank() != 2 || !(mean == log_variance) ||
      z[-1] != mean[1]) {
    fail("z " + z.text() + ", mean " + mean.text() + " and log_variance " + log_variance.text() +
         " are not [S, B, D] or [B, D], [N, D] and [N, D]");
  }
  if (z[-1] == 0 || mean[0] == 0) {
    fail("no " + std::string(z[-1] == 0 ? "dimensions" : "components") + " (z " + z.text() +
         ", mean " + mean.text() + ")");
  }
}

/// Sets the weights of a plan whose sizes are known.
void set_weights(const PairwiseWeights& w, PairwisePlan& plan) {
  for (double weight : {w.other, w.own, w.stand_in}) {
    if (std::isnan(weight) || weight == infinity) {
      fail("a log-weight is " + std::to_string(weight) + "; it must be finite or -infinity");
    }
  }
  const bool same = w.own == w.other && w.stand_in == w.other;
  if (!same && plan.components != plan.batch) {
    fail("own and stand_in weights need as many components as the batch has data; there are " +
         std::to_string(plan.components) + " and " + std::to_string(plan.batch));
  }
  const std::int64_t n = plan.components;
  const bool any = same ? w.other > -infinity
                        : w.own > -infinity || (n > 1 && w.stand_in > -infinity) ||
                              (n > 2 && w.other > -infinity);
  if (!any) {
    fail("every component of a sample has log-weight -infinity (" + std::to_string(n) +
         " components; leave-one-out needs a batch of at least 2)");
  }
  plan.shift = w.other > -infinity ? w.other : 0;
  plan.own = (w.own - plan.shift) * std::numbers::log2e;
  plan.stand_in = (w.stand_in - plan.shift) * std::numbers::log2e;
  plan.other = (w.other - plan.shift) * std::numbers::log2e;
}

/// Orders the dimensions: those of each group, then the rest.
void set_segments(const std::vector<std::vector<int>>& groups, Recorder recorder,
                  PairwisePlan& plan) {
  std::vector<bool> taken(plan.dims);
  auto* order = static_cast<std::int32_t*>(recorder.workspace(plan.dims * sizeof(std::int32_t)));
  auto* segments = static_cast<PairwiseSegment*>(
      recorder.workspace((groups.size() + 1) * sizeof(PairwiseSegment)));
  std::int32_t place = 0, slot = std::int32_t(plan.first_group());
  plan.order = order;
  plan.segments = segments;
  for (const std::vector<int>& group : groups) {
    if (group.empty()) fail("an empty group of dimensions");
    segments->begin = place;
    for (int d : group) {
      if (d < 0 || d >= plan.dims || taken[d]) {
        fail("dimension " + std::to_string(d) + " of a group is " +
             (d < 0 || d >= plan.dims ? "not between 0 and " + std::to_string(plan.dims - 1)
                                      : "named twice; groups are disjoint"));
      }
      taken[d] = true;
      order[place++] = d;
    }
    segments->end = place;
    (segments++)->slot = slot++;
  }
  if (place < plan.dims) *segments++ = {place, std::int32_t(plan.dims), -1};
  for (std::int32_t d = 0; d < plan.dims; ++d) {
    if (!taken[d]) order[place++] = d;
  }
  plan.segment_count = segments - plan.segments;
}

}  // namespace

PairwisePlan plan_pairwise(const Shape& z, const Shape& mean, const Shape& log_variance,
                           const PairwiseWeights& weights, const PairwiseRequest& request,
                           Recorder recorder) {
  check_shapes(z, mean, log_variance);
  PairwisePlan plan{};
  plan.batch = z[-2];
  plan.dims = z[-1];
  plan.samples = z.size() / plan.dims;
  plan.components = mean[0];
  plan.groups = std::int64_t(request.groups.size());
  plan.marginals = request.marginals;
  plan.joint = request.joint;
  if (plan.slots() == 0) fail("nothing is asked for: neither joint, marginals nor groups");
  set_weights(weights, plan);
  set_segments(request.groups, recorder, plan);
  return plan;
}

}  // namespace nelbo
