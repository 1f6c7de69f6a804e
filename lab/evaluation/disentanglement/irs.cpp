#include "lab/evaluation/disentanglement/irs.hpp"

#include <algorithm>
#include <cmath>

#include "lab/statistics/quantile.hpp"

namespace nelbo::disentanglement {
namespace {

constexpr double tail = 0.99;

/// The points of a code, class after class of a factor.
std::vector<std::vector<double>> by_class(const Points& points, std::size_t d,
                                          const Factor& factor) {
  std::vector<std::vector<double>> groups(std::size_t(factor.size));
  for (std::size_t n = 0; n < points.count(); ++n) {
    groups[std::size_t(factor.classes[n])].push_back(points.codes[n * points.dimensions + d]);
  }
  std::erase_if(groups, [](const std::vector<double>& group) { return group.empty(); });
  return groups;
}

double mean_of(const std::vector<double>& x) {
  double sum = 0;  // of differences, so that equal numbers have their own mean exactly
  for (const double value : x) sum += value - x[0];
  return x[0] + sum / double(x.size());
}

/// Turns numbers into their distances from the mean.
void to_deviations(std::vector<double>& x) {
  const double mean = mean_of(x);
  for (double& value : x) value = std::abs(value - mean);
}

/// The share of a code's variance that a factor explains (the correlation ratio), less its mean under
/// independence; 0 where it is within 4 of its standard deviations there (moments over all
/// permutations of the factor for large N).
double explained(const std::vector<std::vector<double>>& groups, double all_mean,
                 double all_squares, double count) {
  double between = 0;
  for (const std::vector<double>& group : groups) {
    between += double(group.size()) * std::pow(mean_of(group) - all_mean, 2);
  }
  const double freedom = double(groups.size()) - 1;
  const double chance = freedom / (count - 1), deviation = std::sqrt(2 * freedom) / (count - 1);
  const double share = all_squares > 0 ? between / all_squares : 0;
  return share > chance + 4 * deviation ? (share - chance) / (1 - chance) : 0;
}

double irs_of(const Points& points) {
  const Matrix robust = robustness(points, RobustnessScale::quantile);
  double sum = 0, weights = 0;
  for (std::size_t d = 0; d < points.dimensions; ++d) {
    const std::vector<double> code = points.table().column(d);
    const double mean = mean_of(code);
    double squares = 0, weight = 0, best = 0;
    for (const double c : code) squares += std::pow(c - mean, 2);
    for (std::size_t k = 0; k < points.factors.size(); ++k) {
      weight = std::max(weight, explained(by_class(points, d, points.factors[k]), mean, squares,
                                          double(code.size())));
      best = std::max(best, robust(d, k));
    }
    sum += weight * best, weights += weight;
  }
  return weights > 0 ? sum / weights : 0;
}

}  // namespace

std::vector<double> largest_deviations(const Points& points) {
  std::vector<double> result;
  for (std::size_t d = 0; d < points.dimensions; ++d) {
    std::vector<double> code = points.table().column(d);
    to_deviations(code);
    result.push_back(*std::max_element(code.begin(), code.end()));
  }
  return result;
}

Matrix robustness(const Points& points, RobustnessScale scale) {
  Matrix result(points.dimensions, points.factors.size());
  for (std::size_t d = 0; d < points.dimensions; ++d) {
    std::vector<double> all = points.table().column(d);
    to_deviations(all);
    const double most = scale == RobustnessScale::quantile
                            ? quantile(all, tail)
                            : *std::max_element(all.begin(), all.end());
    if (!(most > 0)) continue;
    for (std::size_t k = 0; k < points.factors.size(); ++k) {
      std::vector<std::vector<double>> groups = by_class(points, d, points.factors[k]);
      double sum = 0;
      for (std::vector<double>& group : groups) {
        to_deviations(group);
        sum += quantile(group, tail) / double(groups.size());
      }
      result(d, k) = std::max(0.0, 1 - sum / most);
    }
  }
  return result;
}

Score irs(const Points& points, std::uint64_t seed, Jackknife jackknife) {
  return jackknifed(points, seed, jackknife,
                    [](const Points& some) { return std::vector<double>{irs_of(some)}; })
      .front();
}

}  // namespace nelbo::disentanglement
