#include "autodiff/ops/pairwise_ops.hpp"

#include <algorithm>
#include <limits>
#include <numbers>

#include "autodiff/internal/pairwise_plan.hpp"
#include "autodiff/internal/partition.hpp"
#include "autodiff/kernels/dispatch.hpp"
#include "autodiff/operator.hpp"
#include "autodiff/scratch.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

using kernels::PairwiseProblem;
using Plan = PairwisePlan;

constexpr std::int64_t panel = kernels::pairwise_panel;
constexpr std::int64_t tile = 16;  // panels of the streamed side that stay in a near cache

template <class T>
const auto& functions() {
  return kernels_for<T>(active_kernels().pairwise());
}

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

/// What a backward pass streams: a component's share in a slot's sum is 2^(its term - maximum) / sum,
/// and weight is the slot's cotangent over sum.
template <class T>
struct Shares {
  const T *maximum, *weight;
};

template <class T>
Shares<T> shares(const Frame& f, const Plan& plan, Workspace<T>& workspace) {
  const T* const sum = f.out<T>(sum_output);
  const T* cotangents[] = {
      f.has_cotangent(joint_output) ? f.cotangent<T>(joint_output) : nullptr,
      f.has_cotangent(marginals_output) ? f.cotangent<T>(marginals_output) : nullptr,
      f.has_cotangent(groups_output) ? f.cotangent<T>(groups_output) : nullptr};
  const std::int64_t size = panels(plan.samples) * plan.slots() * panel;
  T* const weight = workspace.take(size);
  std::fill_n(weight, size, T(0));
  for_each_output(plan, 0, plan.samples, [&](Output o, std::int64_t i, std::int64_t at) {
    if (cotangents[o] != nullptr && sum[at] != 0) weight[at] = cotangents[o][i] / sum[at];
  });
  return {f.out<T>(maximum_output), weight};
}

template <class T>
void add_sample_gradient(const Frame& f, const Plan& plan, const PairwiseProblem<T>& p,
                         const Shares<T>& of, Workspace<T>& workspace) {
  const std::int64_t size = plan.slots() * panel, row = plan.dims * panel;
  const std::int64_t sample_panels = panels(plan.samples);
  T* const dz = workspace.take(sample_panels * row);
  for_chunks(plan, sample_panels, plan.components, [&](std::int64_t begin, std::int64_t end) {
    std::fill(dz + begin * row, dz + end * row, T(0));
    for_tiles(begin, end, panels(plan.components),
              [&](std::int64_t s, std::int64_t first, std::int64_t last) {
                functions<T>().sample_gradient(p, s, first, last, of.maximum + s * size,
                                               of.weight + s * size, dz + s * row);
              });
  });
  const auto to = f.adjoint<T>(0);
  unpack(plan, plan.samples, [&](std::int64_t i, std::int64_t at) {
    contribute(to, i, T(-2 * std::numbers::ln2) * dz[at]);  // d log N / dz = -2 log(2) u scale
  });
}

template <class T>
void add_component_gradients(const Frame& f, const Plan& plan, const PairwiseProblem<T>& p,
                             const Shares<T>& of, Workspace<T>& workspace) {
  const std::int64_t row = plan.dims * panel;
  const std::int64_t component_panels = panels(plan.components);
  T* const sums = workspace.take(3 * component_panels * row);
  for_chunks(plan, component_panels, plan.samples, [&](std::int64_t begin, std::int64_t end) {
    std::fill(sums + 3 * begin * row, sums + 3 * end * row, T(0));
    for_tiles(begin, end, panels(plan.samples),
              [&](std::int64_t n, std::int64_t first, std::int64_t last) {
                functions<T>().component_gradient(p, n, first, last, of.maximum, of.weight,
                                                  sums + 3 * n * row);
              });
  });
  const auto sums_of = [&](std::int64_t at) { return sums + at + at / row * 2 * row; };
  if (f.wants(1)) {
    const auto to = f.adjoint<T>(1);
    unpack(plan, plan.components, [&](std::int64_t i, std::int64_t at) {
      contribute(to, i, T(2 * std::numbers::ln2) * sums_of(at)[0] * p.scale[at]);
    });
  }
  if (f.wants(2)) {  // d log N / d log variance = log(2) u^2 - 1/2
    const auto to = f.adjoint<T>(2);
    unpack(plan, plan.components, [&](std::int64_t i, std::int64_t at) {
      contribute(to, i, T(std::numbers::ln2) * sums_of(at)[row] - T(0.5) * sums_of(at)[2 * row]);
    });
  }
}

template <class T>
void vjp(const Frame& f, const Plan& plan) {
  const std::int64_t size = plan.slots() * panel, row = plan.dims * panel;
  Workspace<T> workspace(packed_size(plan) + panels(plan.samples) * (size + row) +
                         3 * panels(plan.components) * row);
  PairwiseProblem<T> p = pack_problem(f, plan, workspace);
  p.marginals = plan.marginals && f.has_cotangent(marginals_output);
  if (!f.has_cotangent(joint_output)) p.joint_slot = -1;
  const Shares<T> of = shares(f, plan, workspace);
  if (f.wants(0)) add_sample_gradient(f, plan, p, of, workspace);
  if (f.wants(1) || f.wants(2)) add_component_gradients(f, plan, p, of, workspace);
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

}  // namespace

PairwiseLogProb pairwise_normal_log_prob(Var z, Var mean, Var log_variance,
                                         const PairwiseWeights& weights,
                                         const PairwiseRequest& request) {
  const Shape shape = z.shape();
  const Var operands[] = {z, mean, log_variance};
  const DType dtype = common_dtype(pairwise_normal_log_prob_op, operands);
  Recorder recorder = Recorder::current();
  const Plan plan =
      plan_pairwise(shape, mean.shape(), log_variance.shape(), weights, request, recorder);

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
  const Var first =
      recorder.record(pairwise_normal_log_prob_op, operands, outputs, &plan, sizeof plan);
  PairwiseLogProb result;
  if (plan.joint) result.joint = first;
  if (plan.marginals) result.marginals = recorder.output(first, marginals_output);
  if (plan.groups > 0) result.groups = recorder.output(first, groups_output);
  return result;
}

}  // namespace nelbo
