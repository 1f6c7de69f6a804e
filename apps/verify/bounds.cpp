#include "apps/verify/bounds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apps/verify/log_sum_exp.hpp"
#include "autodiff/random_variables.hpp"
#include "autodiff/threads.hpp"
#include "lab/statistics/mean_and_error.hpp"

namespace nelbo::verify {
namespace {

constexpr std::int64_t groups_of[] = {1, 8, 64, 512};  // m
constexpr std::int64_t chunk = 8192;                   // weights; every m divides it

/// log P(x) - IW_m by its series in 1/m.
struct Series {
  double first, second;
  double second_size;  // of its two parts, which may cancel

  /// What the orders left out may come to.
  double error() const { return first > 0 ? second_size * second_size / first : 0; }
};

Series series(const WeightFacts& w, double m) {
  const double chi2 = w.second_moment - 1;
  const double skew = (w.third_moment - 3 * w.second_moment + 2) / 3;  // mu_3 / 3
  const double square = 0.75 * chi2 * chi2;
  return {chi2 / (2 * m), (square - skew) / (m * m), (square + std::fabs(skew)) / (m * m)};
}

/// Why IW_m cannot be held against the series; empty if it can.
std::string objection(const WeightFacts& w, std::int64_t m) {
  if (m == 1) return "";
  if (std::isinf(w.second_moment)) return "the weights' variance is infinite";
  if (std::isinf(w.third_moment)) return "the weights' third moment is infinite";
  const Series s = series(w, double(m));
  if (!(s.second_size <= s.first / 4)) return "m is too small for the series in 1/m";
  return "";
}

}  // namespace

std::vector<Check> check_bounds(const World& world, std::uint64_t seed, std::int64_t samples) {
  const WeightFacts facts = world.weight_facts();
  std::vector<Check> checks;
  for (std::int64_t m : groups_of) {
    if (samples / m < 100) break;  // too few for a standard error
    Check check{.name = fmt::format("iw(m={})", m), .remark = objection(facts, m)};
    if (m == 1) {
      check.expected = facts.log_px - facts.gap;
    } else {
      const Series s = series(facts, double(m));
      check.expected = facts.log_px - s.first - s.second;
      check.expected_error = s.error();
    }
    checks.push_back(check);
  }

  const std::size_t chunks = std::size_t((samples + chunk - 1) / chunk);
  std::vector<std::vector<RunningMean>> parts(chunks);
  parallel_for(chunks, [&](std::size_t c) {
    const std::int64_t first = std::int64_t(c) * chunk, count = std::min(chunk, samples - first);
    const std::vector<double> log_r = world.log_weights(random_variables::verify_bounds.of(seed), 0,
                                                        std::uint32_t(first), std::size_t(count));
    for (std::size_t i = 0; i < checks.size(); ++i) {
      const std::int64_t m = groups_of[i];
      RunningMean mean;
      for (std::int64_t g = 0; (g + 1) * m <= count; ++g) {
        const double log = log_sum_exp(log_r.data() + g * m, m) - std::log(double(m));
        // E r = 1: where the mean of m weights is near 1, it takes the noise out of its logarithm.
        mean.add(m > 1 && checks[i].remark.empty() ? log - std::expm1(log) : log);
      }
      parts[c].push_back(mean);
    }
  });
  for (std::size_t i = 0; i < checks.size(); ++i) {
    RunningMean all;
    for (const auto& part : parts) all.add(part[i]);
    const auto [mean, error] = all.result();
    checks[i].value = facts.log_px + mean;
    checks[i].se = error;
  }
  return checks;
}

}  // namespace nelbo::verify
