#include "lab/evaluation/disentanglement/jackknife.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include "autodiff/random_variables.hpp"
#include "autodiff/threads.hpp"
#include "lab/evaluation/disentanglement/make_points.hpp"
#include "lab/statistics/mean_and_error.hpp"

namespace nelbo::disentanglement {
namespace {

/// The error of a value from those without one of the groups each.
double error_of(const std::vector<std::vector<double>>& without, std::size_t number) {
  RunningMean mean;
  for (const std::vector<double>& values : without) {
    if (!std::isfinite(values[number])) return std::numeric_limits<double>::quiet_NaN();
    mean.add(values[number]);
  }
  return std::sqrt(double(without.size() - 1) * mean.variance());
}

}  // namespace

std::vector<Score> jackknifed(
    std::size_t count, std::uint64_t seed, Jackknife jackknife,
    const std::function<std::vector<double>(std::span<const std::uint32_t> rows)>& values_of) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  std::vector<Score> scores;
  for (const double value : values_of(order)) {
    scores.push_back({value, std::numeric_limits<double>::quiet_NaN()});
  }
  const std::size_t groups = jackknife.groups;
  if (groups == 0 || count < 2 * groups) return scores;
  fill_permutation(order.data(), count, random_variables::jackknife_groups.of(seed), 0);
  std::vector<std::vector<double>> without(groups);
  parallel_for(groups, [&](std::size_t group) {
    std::vector<std::uint32_t> rest;
    for (std::size_t n = 0; n < count; ++n) {
      if (n % groups != group) rest.push_back(order[n]);
    }
    without[group] = values_of(rest);
  });
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i].standard_error = error_of(without, i);
  return scores;
}

std::vector<Score> jackknifed(const Points& points, std::uint64_t seed, Jackknife jackknife,
                              const std::function<std::vector<double>(const Points&)>& values_of) {
  return jackknifed(points.count(), seed, jackknife, [&](std::span<const std::uint32_t> rows) {
    return values_of(rows_of(points, rows));
  });
}

}  // namespace nelbo::disentanglement
