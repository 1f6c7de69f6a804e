#include "autodiff/ops/pairwise_ops.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "autodiff/error.hpp"
#include "autodiff/internal/partition.hpp"
#include "autodiff/kernels/dispatch.hpp"
#include "autodiff/scratch.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

using kernels::PairwiseProblem;
using kernels::PairwiseSegment;

constexpr std::int64_t panel = kernels::pairwise_panel;
constexpr std::int64_t tile = 16;  // panels of the streamed side that stay in a near cache
constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T>
const auto& functions() {
  return kernels_for<T>(active_kernels().pairwise());
}

/// What is fixed at recording. The slots are the marginals, the groups and the joint density, as
/// far as they are wanted; the dimensions are reordered so that each group's are neighbours.
struct Plan {
  std::int64_t samples, batch, components, dims, groups;
  bool marginals, joint;
  double shift;                 // log-weight of all components, to which those below are relative
  double own, stand_in, other;  // log2
  const std::int32_t* order;    // [dims]: the dimension at each place
  const PairwiseSegment* segments;
  std::size_t segment_count;

  std::int64_t first_group() const { return marginals ? dims : 0; }
  std::int64_t slots() const { return first_group() + groups + (joint ? 1 : 0); }
  bool weighted() const { return own != 0 || stand_in != 0 || other != 0; }
};

enum Output { joint_output, marginals_output, groups_output, maximum_output, sum_output };

std::int64_t panels(std::int64_t n) { return divide_up(n, panel); }

/// Calls body(panel) for `count` panels, each against `others` numbers: some at a time, so that
/// what streams past them is used while it is near, but enough chunks to share among threads.
template <class Body>
void for_chunks(const Plan& plan, std::int64_t count, std::int64_t others, Body&& body) {
  const std::int64_t work = std::max<std::int64_t>(1, panel * others * plan.dims);
  const std::int64_t chunk =
      std::max(std::clamp<std::int64_t>(count / 16, 1, 8), std::int64_t(chunk_elements) / work);
  parallel_for(divide_up(count, chunk), [&](std::size_t i) {
    const std::int64_t begin = std::int64_t(i) * chunk;
    body(begin, std::min(count, begin + chunk));
  });
}

/// Calls body(p, first, last) for the panels [begin, end) and all tiles of `others` panels.
template <class Body>
void for_tiles(std::int64_t begin, std::int64_t end, std::int64_t others, Body&& body) {
  for (std::int64_t first = 0; first < others; first += tile) {
    const std::int64_t last = std::min(others, first + tile);
    for (std::int64_t p = begin; p < end; ++p) body(p, first, last);
  }
}

/// Panels of x [n, D], its dimensions in the plan's order; the last row fills up the last panel.
template <class T>
void pack(const Plan& plan, const T* x, std::int64_t n, T* to) {
  for (std::int64_t p = 0; p < panels(n); ++p) {
    for (std::int64_t d = 0; d < plan.dims; ++d) {
      for (std::int64_t k = 0; k < panel; ++k) {
        const std::int64_t i = std::min(p * panel + k, n - 1);
        to[(p * plan.dims + d) * panel + k] = x[i * plan.dims + plan.order[d]];
      }
    }
  }
}

/// Calls write(i, d, offset in panels) for all numbers of an array [n, D].
template <class Write>
void unpack(const Plan& plan, std::int64_t n, Write&& write) {
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t d = 0; d < plan.dims; ++d) {
      const std::int64_t at = (i / panel * plan.dims + d) * panel + i % panel;
      write(i * plan.dims + plan.order[d], at);
    }
  }
}

/// Memory for panels, handed out piece by piece from one buffer of this thread.
template <class T>
class Workspace {
 public:
  explicit Workspace(std::int64_t size) : next_(scratch_array<T>(Scratch::rows, size)) {}
  T* take(std::int64_t n) {
    T* const piece = next_;
    next_ += n;
    return piece;
  }

 private:
  T* next_;
};

/// The operands in panels, and what the kernels know of them.
template <class T>
PairwiseProblem<T> pack_problem(const Frame& f, const Plan& plan, Workspace<T>& workspace) {
  const std::int64_t z_size = panels(plan.samples) * plan.dims * panel;
  const std::int64_t size = panels(plan.components) * plan.dims * panel;
  T* const z = workspace.take(z_size);
  T* const mean = workspace.take(size);
  T* const scale = workspace.take(size);
  T* const constant = workspace.take(size);
  pack(plan, f.in<T>(0), plan.samples, z);
  pack(plan, f.in<T>(1), plan.components, mean);
  pack(plan, f.in<T>(2), plan.components, constant);
  functions<T>().prepare(size, constant, scale, constant);
  for (std::int64_t n = plan.components; n < panels(plan.components) * panel; ++n) {
    for (std::int64_t d = 0; d < plan.dims; ++d) {
      const std::int64_t at = (n / panel * plan.dims + d) * panel + n % panel;
      scale[at] = 0;
      constant[at] = -std::numeric_limits<T>::infinity();
    }
  }
  PairwiseProblem<T> p{};
  p.dims = plan.dims;
  p.slots = plan.slots();
  p.segment_count = plan.segment_count;
  p.segments = plan.segments;
  p.marginals = plan.marginals;
  p.joint_slot = plan.joint ? std::int32_t(plan.slots() - 1) : -1;
  p.samples = plan.samples;
  p.batch = plan.weighted() ? plan.batch : 0;
  p.own = T(plan.own);
  p.stand_in = T(plan.stand_in);
  p.other = T(plan.other);
  p.z = z;
  p.mean = mean;
  p.scale = scale;
  p.constant = constant;
  return p;
}

std::int64_t packed_size(const Plan& plan) {
  return (panels(plan.samples) + 3 * panels(plan.components)) * plan.dims * panel;
}

/// Calls visit(slot, output, index, offset in slot panels) for every number of the wanted outputs.
template <class Visit>
void for_each_output(const Plan& plan, std::int64_t begin, std::int64_t end, Visit&& visit) {
  const std::int64_t slots = plan.slots();
  for (std::int64_t i = begin; i < end; ++i) {
    const auto at = [&](std::int64_t slot) {
      return (i / panel * slots + slot) * panel + i % panel;
    };
    if (plan.marginals) {
      for (std::int64_t d = 0; d < plan.dims; ++d) {
        visit(marginals_output, i * plan.dims + plan.order[d], at(d));
      }
    }
    for (std::int64_t g = 0; g < plan.groups; ++g) {
      visit(groups_output, i * plan.groups + g, at(plan.first_group() + g));
    }
    if (plan.joint) visit(joint_output, i, at(slots - 1));
  }
}

template <class T>
void forward(const Frame& f, const Plan& plan) {
  const std::int64_t slots = plan.slots(), sample_panels = panels(plan.samples);
  const std::int64_t size = slots * panel;  // of one panel of slots
  Workspace<T> workspace(packed_size(plan) + sample_panels * size);
  const PairwiseProblem<T> p = pack_problem(f, plan, workspace);
  T* const value = workspace.take(sample_panels * size);
  T* const maximum = f.out<T>(maximum_output);
  T* const sum = f.out<T>(sum_output);
  T* const outputs[] = {f.out<T>(joint_output), f.out<T>(marginals_output),
                        f.out<T>(groups_output)};
  for_chunks(plan, sample_panels, plan.components, [&](std::int64_t begin, std::int64_t end) {
    T* const part = scratch_array<T>(Scratch::partial_sums, size);
    std::fill(maximum + begin * size, maximum + end * size, std::numeric_limits<T>::lowest());
    std::fill(sum + begin * size, sum + end * size, T(0));
    for_tiles(begin, end, panels(plan.components),
              [&](std::int64_t s, std::int64_t first, std::int64_t last) {
                functions<T>().log_sum_exp(p, s, first, last, maximum + s * size, sum + s * size,
                                           part);
              });
    functions<T>().finish((end - begin) * size, maximum + begin * size, sum + begin * size,
                          T(plan.shift), value + begin * size);
    for_each_output(plan, begin * panel, std::min(end * panel, plan.samples),
                    [&](Output o, std::int64_t i, std::int64_t at) { outputs[o][i] = value[at]; });
  });
}

/// to (+)= x
template <class T>
void contribute(const Frame::Adjoint<T>& to, std::int64_t i, T x) {
  to.data[i] = to.add ? to.data[i] + x : x;
}

template <class T>
void vjp(const Frame& f, const Plan& plan) {
  const std::int64_t slots = plan.slots(), size = slots * panel, row = plan.dims * panel;
  const std::int64_t sample_panels = panels(plan.samples);
  const std::int64_t component_panels = panels(plan.components);
  Workspace<T> workspace(packed_size(plan) + sample_panels * (size + row) +
                         3 * component_panels * row);
  PairwiseProblem<T> p = pack_problem(f, plan, workspace);
  p.marginals = plan.marginals && f.has_cotangent(marginals_output);
  if (!f.has_cotangent(joint_output)) p.joint_slot = -1;

  // The share of a component in a slot's sum is 2^(its term - maximum) / sum.
  const T* maximum = f.out<T>(maximum_output);
  const T* sum = f.out<T>(sum_output);
  const T* cotangents[] = {
      f.has_cotangent(joint_output) ? f.cotangent<T>(joint_output) : nullptr,
      f.has_cotangent(marginals_output) ? f.cotangent<T>(marginals_output) : nullptr,
      f.has_cotangent(groups_output) ? f.cotangent<T>(groups_output) : nullptr};
  T* const weight = workspace.take(sample_panels * size);
  std::fill_n(weight, sample_panels * size, T(0));
  for_each_output(plan, 0, plan.samples, [&](Output o, std::int64_t i, std::int64_t at) {
    if (cotangents[o] != nullptr && sum[at] != 0) weight[at] = cotangents[o][i] / sum[at];
  });

  const T two_ln2 = T(2 * std::numbers::ln2), ln2 = T(std::numbers::ln2);
  if (f.wants(0)) {
    T* const dz = workspace.take(sample_panels * row);
    for_chunks(plan, sample_panels, plan.components, [&](std::int64_t begin, std::int64_t end) {
      std::fill(dz + begin * row, dz + end * row, T(0));
      for_tiles(begin, end, component_panels,
                [&](std::int64_t s, std::int64_t first, std::int64_t last) {
                  functions<T>().sample_gradient(p, s, first, last, maximum + s * size,
                                                 weight + s * size, dz + s * row);
                });
    });
    const auto to = f.adjoint<T>(0);
    unpack(plan, plan.samples, [&](std::int64_t i, std::int64_t at) {
      contribute(to, i, -two_ln2 * dz[at]);  // d log N / dz = -2 log(2) u scale
    });
  }
  if (!f.wants(1) && !f.wants(2)) return;
  T* const sums = workspace.take(3 * component_panels * row);
  for_chunks(plan, component_panels, plan.samples, [&](std::int64_t begin, std::int64_t end) {
    std::fill(sums + 3 * begin * row, sums + 3 * end * row, T(0));
    for_tiles(
        begin, end, sample_panels, [&](std::int64_t n, std::int64_t first, std::int64_t last) {
          functions<T>().component_gradient(p, n, first, last, maximum, weight, sums + 3 * n * row);
        });
  });
  const auto sums_of = [&](std::int64_t at) { return sums + at + at / row * 2 * row; };
  if (f.wants(1)) {
    const auto to = f.adjoint<T>(1);
    unpack(plan, plan.components, [&](std::int64_t i, std::int64_t at) {
      contribute(to, i, two_ln2 * sums_of(at)[0] * p.scale[at]);
    });
  }
  if (f.wants(2)) {  // d log N / d log variance = log(2) u^2 - 1/2
    const auto to = f.adjoint<T>(2);
    unpack(plan, plan.components, [&](std::int64_t i, std::int64_t at) {
      contribute(to, i, ln2 * sums_of(at)[row] - T(0.5) * sums_of(at)[2 * row]);
    });
  }
}

const Op pairwise_normal_log_prob_op{
    .name = "pairwise_normal_log_prob",
    .forward =
        [](const Frame& f) {
          const Plan& plan = f.saved<Plan>();
          if (plan.samples == 0) return;
          dispatch(f.dtype(), [&](auto t) { forward<decltype(t)>(f, plan); });
        },
    .vjp =
        [](const Frame& f) {
          const Plan& plan = f.saved<Plan>();
          dispatch(f.dtype(), [&](auto t) { vjp<decltype(t)>(f, plan); });
        },
};

[[noreturn]] void fail(const std::string& what) {
  throw Error(std::string(pairwise_normal_log_prob_op.name) + ": " + what);
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
void set_weights(const PairwiseWeights& w, Plan& plan) {
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
void set_segments(const std::vector<std::vector<int>>& groups, Tape& tape, Plan& plan) {
  std::vector<bool> taken(plan.dims);
  auto* order = static_cast<std::int32_t*>(tape.workspace(plan.dims * sizeof(std::int32_t)));
  auto* segments =
      static_cast<PairwiseSegment*>(tape.workspace((groups.size() + 1) * sizeof(PairwiseSegment)));
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

PairwiseLogProb pairwise_normal_log_prob(Var z, Var mean, Var log_variance,
                                         const PairwiseWeights& weights,
                                         const PairwiseRequest& request) {
  const Shape& shape = z.shape();
  check_shapes(shape, mean.shape(), log_variance.shape());
  const Var operands[] = {z, mean, log_variance};
  const DType dtype = common_dtype(pairwise_normal_log_prob_op, operands);
  Tape& tape = Tape::current();
  Plan plan{};
  plan.batch = shape[-2];
  plan.dims = shape[-1];
  plan.samples = shape.size() / plan.dims;
  plan.components = mean.shape()[0];
  plan.groups = std::int64_t(request.groups.size());
  plan.marginals = request.marginals;
  plan.joint = request.joint;
  if (plan.slots() == 0) fail("nothing is asked for: neither joint, marginals nor groups");
  set_weights(weights, plan);
  set_segments(request.groups, tape, plan);

  const Shape rows(shape.dims().first(shape.rank() - 1));
  const auto with_axis = [&](std::int64_t n) {
    Shape s = rows;
    s.push_back(n);
    return s;
  };
  const Shape none{0}, state{panels(plan.samples), plan.slots(), panel};
  const Spec outputs[] = {{plan.joint ? rows : none, dtype},
                          {plan.marginals ? shape : none, dtype},
                          {plan.groups > 0 ? with_axis(plan.groups) : none, dtype},
                          {state, dtype},
                          {state, dtype}};
  const Var first = tape.record(pairwise_normal_log_prob_op, operands, outputs, &plan, sizeof plan);
  PairwiseLogProb result;
  if (plan.joint) result.joint = first;
  if (plan.marginals) result.marginals = tape.output(first, marginals_output);
  if (plan.groups > 0) result.groups = tape.output(first, groups_output);
  return result;
}

}  // namespace nelbo
