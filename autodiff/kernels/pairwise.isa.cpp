// Log-sum-exps over all components for every sample, and their gradients, in one stream over the
// pairs. A register holds `lanes` samples (or components, for the components' gradient); a block of
// `unroll` members of the other side is taken at once, for independent chains of arithmetic.
#include "autodiff/kernels/pairwise.hpp"

#include "autodiff/kernels/math.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

constexpr std::size_t panel = pairwise_panel;

#if defined(__AVX512F__)
constexpr std::size_t unroll = 8;  // of 32 registers
#else
constexpr std::size_t unroll = 4;
#endif

/// One number for each member of the block beside the lanes.
template <class T>
using Column = Batch<T>[unroll];

/// The pairs of a register and a block.
template <class T, bool samples_in_lanes>
class Block {
 public:
  Block(const PairwiseProblem<T>& p, std::size_t sample, std::size_t component)
      : sample_(offset(p.dims, sample)), component_(offset(p.dims, component)), p_(p) {
    if (p.batch != 0) set_weights(sample, component);
  }

  /// No pair has a weight above 0.
  bool empty() const { return empty_; }

  /// u = (z - mean) scale.
  void distances(std::size_t d, Column<T>& u) const {
    for (std::size_t k = 0; k < unroll; ++k) {
      u[k] = (of_sample(p_.z + sample_ + d * panel, k) - of_component(p_.mean, d, k)) *
             of_component(p_.scale, d, k);
    }
  }
  /// The log-densities that belong to distances.
  void log_densities(std::size_t d, const Column<T>& u, Column<T>& t) const {
    for (std::size_t k = 0; k < unroll; ++k) {
      t[k] = of_component(p_.constant, d, k) - u[k] * u[k];  // contracted to one operation
    }
  }
  /// sum += the log-densities of dimensions [begin, end).
  void add_log_densities(std::size_t begin, std::size_t end, Column<T>& sum) const {
    for (std::size_t d = begin; d < end; ++d) {
      Column<T> u, t;
      distances(d, u);
      log_densities(d, u, t);
      for (std::size_t k = 0; k < unroll; ++k) sum[k] = sum[k] + t[k];
    }
  }
  /// t += the log-weights of the components.
  void add_weights(Column<T>& t) const {
    if (!weighted_) return;
    for (std::size_t k = 0; k < unroll; ++k) t[k] = t[k] + log_weight_[k];
  }

  /// A number of the samples, at `row` of a panel that starts with this block's samples.
  static Batch<T> of_sample(const T* row, std::size_t k) {
    return samples_in_lanes ? Batch<T>::load_unaligned(row) : Batch<T>(row[k]);
  }
  Batch<T> of_component(const T* x, std::size_t d, std::size_t k) const {
    const T* row = x + component_ + d * panel;
    return samples_in_lanes ? Batch<T>(row[k]) : Batch<T>::load_unaligned(row);
  }

 private:
  static std::size_t offset(std::size_t rows, std::size_t i) {
    return i / panel * rows * panel + i % panel;
  }

  /// Weights are the same for all pairs but those near the diagonal of every draw.
  void set_weights(std::size_t sample, std::size_t component) {
    constexpr std::size_t w = lanes<T>;
    const std::size_t samples = samples_in_lanes ? w : unroll;
    const std::size_t components = samples_in_lanes ? unroll : w;
    const std::size_t first = sample % p_.batch, last = first + samples;  // stand-in included
    const bool before = last < component;
    const bool after = first >= component + components;
    const bool wraps = last >= p_.batch && (samples >= p_.batch || last - p_.batch >= component);
    if ((before || after) && !wraps) {
      empty_ = p_.other != T(0);
      return;
    }
    weighted_ = true;
    for (std::size_t k = 0; k < unroll; ++k) {
      T weights[w];
      for (std::size_t lane = 0; lane < w; ++lane) {
        const std::size_t b = (sample + (samples_in_lanes ? lane : k)) % p_.batch;
        const std::size_t n = component + (samples_in_lanes ? k : lane);
        weights[lane] = n == b ? p_.own : n == (b + 1) % p_.batch ? p_.stand_in : p_.other;
      }
      log_weight_[k] = Batch<T>::load_unaligned(weights);
    }
  }

  std::size_t sample_, component_;  // offsets in panels with [dims] rows
  const PairwiseProblem<T>& p_;
  bool empty_ = false, weighted_ = false;
  Column<T> log_weight_;
};

/// sum 2^maximum, of one register of samples, while components are added. The maximum rises only
/// when a term exceeds it by 2^slack, so that sums are rarely scaled and never overflow.
template <class T>
class RunningSum {
 public:
  RunningSum(T* maximum, T* sum, T* part) : maximum_(maximum), sum_(sum), part_(part) {}

  void add(const Column<T>& t) {
    Batch<T> m = Batch<T>::load_unaligned(maximum_), part = Batch<T>::load_unaligned(part_);
    Batch<T> top = t[0];
    for (std::size_t k = 1; k < unroll; ++k) top = max(top, t[k]);
    const auto above = top > m + Batch<T>(slack);
    if (any(above)) {
      const Batch<T> higher = select(above, top, m);
      const Batch<T> factor = exp2_in_range(m - higher);
      part = part * factor;
      (Batch<T>::load_unaligned(sum_) * factor).store_unaligned(sum_);
      higher.store_unaligned(maximum_);
      m = higher;
    }
    Column<T> e;
    for (std::size_t k = 0; k < unroll; ++k) e[k] = exp2_in_range(t[k] - m);
    for (std::size_t n = unroll / 2; n > 0; n /= 2) {
      for (std::size_t k = 0; k < n; ++k) e[k] = e[k] + e[k + n];
    }
    (part + e[0]).store_unaligned(part_);
  }

 private:
  static constexpr T slack = 32;
  T *maximum_, *sum_, *part_;
};

template <class T>
void prepare(std::size_t n, const T* v, T* scale, T* constant) {
  const Batch<T> root(T(0.84932180028801904272)), minus_half(T(-0.5));  // sqrt(log2(e) / 2)
  const Batch<T> half_log2_e(T(-0.72134752044448170368)), log_two_pi(T(1.8378770664093454836));
  for (std::size_t i = 0; i < n; i += lanes<T>) {
    const Batch<T> log_variance = Batch<T>::load_unaligned(v + i);
    (root * exp(minus_half * log_variance)).store_unaligned(scale + i);
    (half_log2_e * (log_variance + log_two_pi)).store_unaligned(constant + i);
  }
}

template <class T>
void log_sum_exp(const PairwiseProblem<T>& p, std::size_t sample_panel, std::size_t first,
                 std::size_t last, T* maximum, T* sum, T* part) {
  for (std::size_t i = 0; i < p.slots * panel; ++i) part[i] = 0;
  for (std::size_t lane = 0; lane < panel; lane += lanes<T>) {
    const auto add = [&](const Block<T, true>& block, std::size_t slot, Column<T>& t) {
      const std::size_t at = slot * panel + lane;
      block.add_weights(t);
      RunningSum<T>(maximum + at, sum + at, part + at).add(t);
    };
    for (std::size_t n = first * panel; n < last * panel; n += unroll) {
      const Block<T, true> block(p, sample_panel * panel + lane, n);
      if (block.empty()) continue;
      Column<T> joint;
      for (std::size_t k = 0; k < unroll; ++k) joint[k] = Batch<T>(0);
      for (std::size_t s = 0; s < p.segment_count; ++s) {
        const PairwiseSegment segment = p.segments[s];
        Column<T> group;
        for (std::size_t k = 0; k < unroll; ++k) group[k] = Batch<T>(0);
        for (std::int32_t d = segment.begin; d < segment.end; ++d) {
          Column<T> u, t;
          block.distances(d, u);
          block.log_densities(d, u, t);
          for (std::size_t k = 0; k < unroll; ++k) group[k] = group[k] + t[k];
          if (p.marginals) add(block, d, t);
        }
        for (std::size_t k = 0; k < unroll; ++k) joint[k] = joint[k] + group[k];
        if (segment.slot >= 0) add(block, segment.slot, group);
      }
      if (p.joint_slot >= 0) add(block, p.joint_slot, joint);
    }
  }
  for (std::size_t i = 0; i < p.slots * panel; ++i) sum[i] += part[i];
}

template <class T>
void finish(std::size_t n, const T* maximum, const T* sum, T shift, T* y) {
  const Batch<T> ln2(T(0.69314718055994530942)), constant(shift);
  for (std::size_t i = 0; i < n; i += lanes<T>) {
    const Batch<T> logarithm = log(Batch<T>::load_unaligned(sum + i)) + constant;
    fma(ln2, Batch<T>::load_unaligned(maximum + i), logarithm).store_unaligned(y + i);
  }
}

/// Calls add(d, w, u) for every dimension of the block, w the derivative with respect to the pair's
/// log-density of dimension d.
template <class T, bool samples_in_lanes, class Add>
void for_each_derivative(const PairwiseProblem<T>& p, const Block<T, samples_in_lanes>& block,
                         const T* maximum, const T* weight, Add add) {
  // w += weight 2^(t - maximum), the share of the components in the slot's sum.
  const auto add_shares = [&](std::size_t slot, Column<T>& t, Column<T>& w) {
    block.add_weights(t);
    for (std::size_t k = 0; k < unroll; ++k) {
      const Batch<T> share = exp2_in_range(t[k] - block.of_sample(maximum + slot * panel, k));
      w[k] = fma(share, block.of_sample(weight + slot * panel, k), w[k]);
    }
  };
  const auto add_joint_shares = [&](std::size_t begin, std::size_t end, std::size_t slot,
                                    Column<T>& w) {
    Column<T> t;
    for (std::size_t k = 0; k < unroll; ++k) t[k] = Batch<T>(0);
    block.add_log_densities(begin, end, t);
    add_shares(slot, t, w);
  };
  Column<T> joint;
  for (std::size_t k = 0; k < unroll; ++k) joint[k] = Batch<T>(0);
  if (p.joint_slot >= 0) add_joint_shares(0, p.dims, p.joint_slot, joint);
  for (std::size_t s = 0; s < p.segment_count; ++s) {
    const PairwiseSegment segment = p.segments[s];
    Column<T> group;
    for (std::size_t k = 0; k < unroll; ++k) group[k] = joint[k];
    if (segment.slot >= 0) add_joint_shares(segment.begin, segment.end, segment.slot, group);
    for (std::int32_t d = segment.begin; d < segment.end; ++d) {
      Column<T> u, w;
      block.distances(d, u);
      for (std::size_t k = 0; k < unroll; ++k) w[k] = group[k];
      if (p.marginals) {
        Column<T> t;
        block.log_densities(d, u, t);
        add_shares(d, t, w);
      }
      add(d, w, u);
    }
  }
}

template <class T>
void add_to(T* to, const Batch<T>& x) {
  (Batch<T>::load_unaligned(to) + x).store_unaligned(to);
}

template <class T>
void sample_gradient(const PairwiseProblem<T>& p, std::size_t sample_panel, std::size_t first,
                     std::size_t last, const T* maximum, const T* weight, T* dz) {
  for (std::size_t lane = 0; lane < panel; lane += lanes<T>) {
    for (std::size_t n = first * panel; n < last * panel; n += unroll) {
      const Block<T, true> block(p, sample_panel * panel + lane, n);
      if (block.empty()) continue;
      for_each_derivative(p, block, maximum + lane, weight + lane,
                          [&](std::size_t d, const Column<T>& w, const Column<T>& u) {
                            Batch<T> sum(0);
                            for (std::size_t k = 0; k < unroll; ++k) {
                              sum = fma(w[k] * u[k], block.of_component(p.scale, d, k), sum);
                            }
                            add_to(dz + d * panel + lane, sum);
                          });
    }
  }
}

template <class T>
void component_gradient(const PairwiseProblem<T>& p, std::size_t component_panel, std::size_t first,
                        std::size_t last, const T* maximum, const T* weight, T* to) {
  const std::size_t row = p.dims * panel;
  for (std::size_t lane = 0; lane < panel; lane += lanes<T>) {
    for (std::size_t i = first * panel; i < last * panel && i < p.samples; i += unroll) {
      const Block<T, false> block(p, i, component_panel * panel + lane);
      if (block.empty()) continue;
      const std::size_t at = i / panel * p.slots * panel + i % panel;
      for_each_derivative(p, block, maximum + at, weight + at,
                          [&](std::size_t d, const Column<T>& w, const Column<T>& u) {
                            Batch<T> mean(0), variance(0), total(0);
                            for (std::size_t k = 0; k < unroll; ++k) {
                              const Batch<T> wu = w[k] * u[k];
                              mean = mean + wu;
                              variance = fma(wu, u[k], variance);
                              total = total + w[k];
                            }
                            T* const sums = to + d * panel + lane;
                            add_to(sums, mean);
                            add_to(sums + row, variance);
                            add_to(sums + 2 * row, total);
                          });
    }
  }
}

template <class T>
constexpr PairwiseFunctions<T> functions{prepare<T>, log_sum_exp<T>, finish<T>, sample_gradient<T>,
                                         component_gradient<T>};

}  // namespace

extern const PairwiseKernels pairwise_kernels;
const PairwiseKernels pairwise_kernels{functions<float>, functions<double>};

}  // namespace nelbo::kernels::NELBO_ISA
