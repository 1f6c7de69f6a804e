#include "lab/evaluation/disentanglement/jackknife.hpp"

#include <cmath>
#include <limits>

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

std::size_t JackknifeGroups::number_of(std::size_t count, Jackknife jackknife) {
  return count < 2 * jackknife.groups ? 0 : jackknife.groups;
}

JackknifeGroups::JackknifeGroups(std::size_t count, std::uint64_t seed, Jackknife jackknife)
    : groups_(number_of(count, jackknife)) {
  if (groups_ == 0) return;
  order_.resize(count);
  fill_permutation(order_.data(), count, random_variables::jackknife_groups.of(seed), 0);
}

std::vector<std::uint32_t> JackknifeGroups::without(std::size_t group) const {
  std::vector<std::uint32_t> rest;
  for (std::size_t n = 0; n < order_.size(); ++n) {
    if (n % groups_ != group) rest.push_back(order_[n]);
  }
  return rest;
}

std::vector<double> errors_of(const std::vector<std::vector<double>>& without) {
  std::vector<double> errors;
  if (without.empty()) return errors;
  for (std::size_t i = 0; i < without[0].size(); ++i) errors.push_back(error_of(without, i));
  return errors;
}

std::vector<double> jackknife_errors(
    std::size_t count, std::uint64_t seed, Jackknife jackknife,
    const std::function<std::vector<double>(std::span<const std::uint32_t> rows)>& values_of) {
  const JackknifeGroups groups(count, seed, jackknife);
  std::vector<std::vector<double>> without(groups.number());
  parallel_for(groups.number(),
               [&](std::size_t group) { without[group] = values_of(groups.without(group)); });
  return errors_of(without);
}

std::vector<double> jackknife_errors(
    const Points& points, std::uint64_t seed, Jackknife jackknife,
    const std::function<std::vector<double>(const Points&)>& values_of) {
  return jackknife_errors(
      points.count(), seed, jackknife,
      [&](std::span<const std::uint32_t> rows) { return values_of(rows_of(points, rows)); });
}

std::vector<Score> jackknifed(const Points& points, std::uint64_t seed, Jackknife jackknife,
                              const std::function<std::vector<double>(const Points&)>& values_of) {
  return with_errors(values_of(points), jackknife_errors(points, seed, jackknife, values_of));
}

std::vector<Score> with_errors(const std::vector<double>& values,
                               const std::vector<double>& errors) {
  std::vector<Score> scores;
  for (std::size_t i = 0; i < values.size(); ++i) {
    scores.push_back(
        {values[i], errors.empty() ? std::numeric_limits<double>::quiet_NaN() : errors[i]});
  }
  return scores;
}

}  // namespace nelbo::disentanglement
