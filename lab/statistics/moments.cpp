#include "lab/statistics/moments.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "autodiff/error.hpp"

namespace nelbo::gradvar {
namespace {

/// Parameters at a time: their moments and gradients stay in the first-level cache.
constexpr std::size_t tile = 1024;

}  // namespace

template <class T>
void GradientMoments::add_rows(std::span<const T> gradients) {
  const std::size_t parameters = mean_.size();
  if (parameters == 0 || gradients.size() % parameters != 0) {
    throw Error(fmt::format("GradientMoments::add: {} numbers are no gradients of {} parameters",
                            gradients.size(), parameters));
  }
  const std::size_t rows = gradients.size() / parameters;
  for (std::size_t start = 0; start < parameters; start += tile) {
    const std::size_t width = std::min(tile, parameters - start);
    double* __restrict mean = mean_.data() + start;
    double* __restrict squares = squares_.data() + start;
    for (std::size_t r = 0; r < rows; ++r) {
      const T* __restrict g = gradients.data() + r * parameters + start;
      const double share = 1 / double(count_ + r + 1);
      for (std::size_t j = 0; j < width; ++j) {
        const double deviation = double(g[j]) - mean[j];
        mean[j] += share * deviation;
        squares[j] += deviation * (double(g[j]) - mean[j]);
      }
    }
  }
  count_ += rows;
}

void GradientMoments::add(std::span<const float> gradients) { add_rows(gradients); }
void GradientMoments::add(std::span<const double> gradients) { add_rows(gradients); }

void GradientMoments::merge(const GradientMoments& other) {
  if (other.parameters() != parameters()) {
    throw Error(fmt::format("GradientMoments::merge: moments of {} parameters and of {}",
                            parameters(), other.parameters()));
  }
  if (other.count_ == 0) return;
  const double here = double(count_), there = double(other.count_), all = here + there;
  const double share = there / all, weight = here * share;
  double* __restrict mean = mean_.data();
  double* __restrict squares = squares_.data();
  const double* __restrict other_mean = other.mean_.data();
  const double* __restrict other_squares = other.squares_.data();
  for (std::size_t j = 0; j < mean_.size(); ++j) {
    const double difference = other_mean[j] - mean[j];
    mean[j] += share * difference;
    squares[j] += other_squares[j] + weight * difference * difference;
  }
  count_ += other.count_;
}

void GradientMoments::clear() {
  count_ = 0;
  std::fill(mean_.begin(), mean_.end(), 0.0);
  std::fill(squares_.begin(), squares_.end(), 0.0);
}

}  // namespace nelbo::gradvar
