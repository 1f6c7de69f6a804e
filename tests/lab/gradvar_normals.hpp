#pragma once
// Normal numbers for the tests of a study's statistics.
#include <cstdint>
#include <random>
#include <vector>

#include "lab/statistics/mean_and_error.hpp"

namespace nelbo::tests {

/// Normal gradients [R, P] with the means and standard deviations given.
class Normals {
 public:
  explicit Normals(std::uint64_t seed) : engine_(seed) {}
  double operator()() { return normal_(engine_); }
  std::vector<double> gradients(std::size_t rows, const std::vector<double>& mean,
                                const std::vector<double>& sd) {
    std::vector<double> all;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t j = 0; j < mean.size(); ++j)
        all.push_back(mean[j] + sd[j] * normal_(engine_));
    }
    return all;
  }

 private:
  std::mt19937_64 engine_;
  std::normal_distribution<double> normal_;
};

/// How many standard errors the mean of `found` is from `expected`.
inline double z_score(const RunningMean& found, double expected) {
  return (found.result().mean - expected) / found.result().standard_error;
}

}  // namespace nelbo::tests
