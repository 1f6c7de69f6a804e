#include "apps/bench/pairwise_bench.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <vector>

#include "apps/bench/median_time.hpp"
#include "autodiff/array_math.hpp"
#include "autodiff/ops.hpp"
#include "autodiff/random.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

constexpr std::int64_t dims = 10;

/// Exponentials a second of all threads, best of several short runs.
double measure_exp() {
  constexpr std::size_t n = 2048, calls = 2000;  // 16 KiB in and out
  using Numbers = std::array<float, n>;
  std::vector<std::array<Numbers, 2>> arrays(num_threads());
  for (auto& [x, y] : arrays) {
    for (std::size_t i = 0; i < n; ++i) x[i] = -20.0f * float(i) / float(n);
  }
  double best = 0;
  for (int i = 0; i < 10; ++i) {
    const double seconds = median_time(
        0, 0,
        [&] {
          parallel_for(arrays.size(), [&](std::size_t thread) {
            auto& [x, y] = arrays[thread];
            for (std::size_t k = 0; k < calls; ++k) exp_of(x.data(), y.data(), n);
          });
        },
        1);
    best = std::max(best, double(n * calls * arrays.size()) / seconds);
  }
  return best;
}

/// Posteriors with means from N(0, 1) and log-variances from U(-3, 0), one sample of each.
struct Data {
  explicit Data(std::int64_t n) : z({1, n, dims}), mean({n, dims}), log_variance({n, dims}) {
    const auto block = [&](std::uint32_t variable) {
      return RandomBlock{.stream = {1, StreamId::user, variable},
                         .batch = std::size_t(n),
                         .dimensions = std::size_t(dims)};
    };
    float *e = z.data_as<float>(), *m = mean.data_as<float>(), *v = log_variance.data_as<float>();
    fill_normal(e, block(0));
    fill_normal(m, block(1));
    fill_uniform(v, block(2));
    for (std::int64_t i = 0; i < mean.size(); ++i) {
      v[i] = -3 * v[i];
      e[i] = m[i] + std::exp(v[i] / 2) * e[i];
    }
  }
  Tensor z, mean, log_variance;
};

/// With exponentials a second in place of the share.
PairwiseTime time_workload(const std::string& name, std::int64_t n, bool gradient, double seconds) {
  const Data data(n);
  Tape tape({.mode = Tape::Mode::replay, .gradients = gradient});
  Var total;
  {
    Recording recording(tape);
    const PairwiseLogProb q =
        pairwise_normal_log_prob(tape.leaf(data.z, gradient), tape.leaf(data.mean, gradient),
                                 tape.leaf(data.log_variance, gradient), {-std::log(double(n))},
                                 {.joint = true, .marginals = true});
    total = mean(q.joint) - mean(sum(q.marginals, -1));  // TC
    tape.keep(total);
  }
  const double time = median_time(
      seconds, n > 20000 ? 0 : 1,
      [&] {
        tape.forward();
        if (gradient) tape.backward(total);
      },
      1);
  const double pairs = double(n) * double(n);
  const double exponentials = pairs * (dims + 1) * (gradient ? 2 : 1);
  return {name, n, dims, 1e3 * time, pairs * dims / time, exponentials / time};
}

}  // namespace

PairwiseReport bench_pairwise(double seconds) {
  // The clock drifts on a machine that others use too: the best of before and after counts.
  const double before = measure_exp();
  PairwiseReport report{
      before,
      {time_workload("hagg", 10000, false, seconds), time_workload("hagg", 60000, false, seconds),
       time_workload("tcterms", 2048, true, seconds)}};
  report.exp_per_s = std::max(before, measure_exp());
  for (PairwiseTime& w : report.workloads) w.share_of_exp_limit /= report.exp_per_s;
  return report;
}

}  // namespace nelbo
