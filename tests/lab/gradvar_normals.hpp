#pragma once
// Normal numbers for the tests of a study's statistics.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "lab/statistics/mean_and_error.hpp"
#include "lab/statistics/summary.hpp"

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

/// One study of gradients [R, P], as run_replicates makes it of two halves; `reference` are others of the
/// same draws, or empty.
class SimulatedStudy {
 public:
  SimulatedStudy(std::span<const double> gradients, std::size_t parameters,
                 std::span<const double> reference = {})
      : parameters_(parameters), all_(parameters), others_(parameters) {
    const std::size_t rows = gradients.size() / parameters, half = rows / 2;
    const auto row = [&](std::span<const double> of, std::size_t r) {
      return of.empty() ? of : of.subspan(r * parameters, parameters);
    };
    all_.add(gradients.first(half * parameters));
    if (!reference.empty()) others_.add(reference.first(half * parameters));
    const auto own = held(gradients, half);
    gradvar::GroupSummary summary({{0, parameters}}, all_, own,
                                  reference.empty() ? nullptr : held(reference, half));
    for (std::size_t r = half; r < rows; ++r) {
      const std::size_t part = (r - half) * own->parts() / (rows - half);
      summary.add(summary.scores(row(gradients, r), row(reference, r), part));
      all_.add(row(gradients, r));
      if (!reference.empty()) others_.add(row(reference, r));
    }
    found_ = summary.result(all_, reference.empty() ? nullptr : &others_);
  }
  const gradvar::GroupStatistics& found() const { return found_; }

 private:
  /// Of the first half, in eight parts where it has as many replicates.
  std::shared_ptr<const gradvar::HeldMoments> held(std::span<const double> gradients,
                                                   std::size_t half) const {
    const std::size_t parts = std::min<std::size_t>(8, half);
    std::vector<std::vector<float>> means(parts, std::vector<float>(parameters_));
    gradvar::GradientMoments moments(parameters_);
    moments.add(gradients.first(half * parameters_));
    for (std::size_t r = 0; r < half; ++r) {
      for (std::size_t j = 0; j < parameters_; ++j)
        means[r * parts / half][j] += float(gradients[r * parameters_ + j]);
    }
    return std::make_shared<gradvar::HeldMoments>(moments, std::move(means));
  }

  std::size_t parameters_;
  gradvar::GradientMoments all_, others_;
  gradvar::GroupStatistics found_;
};

/// An estimate over many studies: how far it spreads, and what error the studies reported.
struct Repeated {
  RunningMean value, squared_error;

  void add(const MeanAndError& estimate) {
    value.add(estimate.mean);
    squared_error.add(estimate.standard_error * estimate.standard_error);
  }
  double reported_over_spread() const {
    const double n = value.count();
    return std::sqrt(squared_error.result().mean / (value.variance() * n / (n - 1)));
  }
};

/// How many standard errors the mean of `found` is from `expected`.
inline double z_score(const RunningMean& found, double expected) {
  return (found.result().mean - expected) / found.result().standard_error;
}

}  // namespace nelbo::tests
