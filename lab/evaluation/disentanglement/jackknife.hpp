#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

/// How errors are found: groups of points that are left out in turn; 0: not at all.
struct Jackknife {
  std::size_t groups = 20;
};

/// `count` points in random groups of one size, one of which is left out in turn. None where there are fewer
/// than 2 points for each.
class JackknifeGroups {
 public:
  JackknifeGroups(std::size_t count, std::uint64_t seed, Jackknife jackknife);

  /// How many groups of so many points there are.
  static std::size_t number_of(std::size_t count, Jackknife jackknife);
  std::size_t number() const { return groups_; }
  /// The points of all groups but one, in random order.
  std::vector<std::uint32_t> without(std::size_t group) const;

 private:
  std::size_t groups_;
  std::vector<std::uint32_t> order_;  // [count], or empty
};

/// The standard error of each number from what it came to without each of the groups, [groups, numbers];
/// empty without groups. NaN where one is not finite.
std::vector<double> errors_of(const std::vector<std::vector<double>>& without);

/// The standard errors of numbers that are functions of `count` points by the jackknife that leaves out
/// each of G random groups of points in turn, s^2 = (G - 1)/G sum_g (value without g - their mean)^2: it may
/// be trusted of quantiles too, unlike the jackknife of single points (Shao & Wu 1989), and is itself good
/// to about 1 / sqrt(2 G). NaN where a value is not finite; empty, where there are fewer than 2 G points
/// or no groups. `values_of` is called from several threads.
std::vector<double> jackknife_errors(
    std::size_t count, std::uint64_t seed, Jackknife jackknife,
    const std::function<std::vector<double>(std::span<const std::uint32_t> rows)>& values_of);

/// The same of codes and factors.
std::vector<double> jackknife_errors(
    const Points& points, std::uint64_t seed, Jackknife jackknife,
    const std::function<std::vector<double>(const Points&)>& values_of);

/// Values with their errors; NaN where `errors` is empty.
std::vector<Score> with_errors(const std::vector<double>& values,
                               const std::vector<double>& errors);

/// The numbers of all points with their errors.
std::vector<Score> jackknifed(const Points& points, std::uint64_t seed, Jackknife jackknife,
                              const std::function<std::vector<double>(const Points&)>& values_of);

}  // namespace nelbo::disentanglement
