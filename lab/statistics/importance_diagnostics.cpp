#include "lab/statistics/importance_diagnostics.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "autodiff/error.hpp"

namespace nelbo {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// mean log(1 - theta x): the shape that goes best with theta = -shape / scale.
double best_shape(double theta, std::span<const double> x) {
  double sum = 0;
  for (const double v : x) sum += std::log1p(-theta * v);
  return sum / double(x.size());
}

double mean_of(std::span<const double> x) {
  double sum = 0;
  for (const double v : x) sum += v;
  return sum / double(x.size());
}

}  // namespace

GeneralizedPareto fit_generalized_pareto(std::span<const double> x) {
  const std::size_t n = x.size();
  if (n < 2 || !(x.front() >= 0) || !(x.back() > 0) || !std::isfinite(x.back())) {
    throw Error("generalised Pareto fit: " + std::to_string(n) +
                " exceedances; two or more in ascending order are needed, from 0 on, finite and "
                "not all 0");
  }
  // The grid is laid out by the first quartile, which may be 0 or nearly so among ties.
  const double quartile = std::max(x[std::size_t(double(n) / 4 + 0.5) - 1], 1e-290 * x.back());
  const std::size_t grid = 30 + std::size_t(std::sqrt(double(n)));
  constexpr double prior = 3;
  double most = -infinity, weight = 0, theta = 0;
  for (std::size_t j = 1; j <= grid; ++j) {
    const double at =
        1 / x.back() + (1 - std::sqrt(double(grid) / (double(j) - 0.5))) / (prior * quartile);
    const double k = best_shape(at, x);
    // The profile log-likelihood; theta = 0 is the exponential distribution.
    const double rate = k == 0 ? 1 / mean_of(x) : -at / k;
    const double log_likelihood = double(n) * (std::log(rate) - k - 1);
    // Online softmax over the grid.
    if (log_likelihood > most) {
      const double shrink = std::exp(most - log_likelihood);
      most = log_likelihood;
      weight *= shrink;
      theta *= shrink;
    }
    const double w = std::exp(log_likelihood - most);
    weight += w;
    theta += w * at;
  }
  theta /= weight;
  const double shape = best_shape(theta, x);
  return {shape, shape == 0 ? mean_of(x) : -shape / theta};
}

std::size_t pareto_tail_length(std::size_t count) {
  return std::min(count / 5, std::size_t(std::ceil(3 * std::sqrt(double(count)))));
}

double pareto_k_limit(std::size_t count) {
  return std::min(1 - 1 / std::log10(double(count)), 0.7);
}

double sample_size_for(double pareto_k) {
  return pareto_k < 1 ? std::pow(10, 1 / (1 - std::max(0.0, pareto_k))) : infinity;
}

ImportanceWeights::ImportanceWeights(std::size_t count) : count_(count) {
  if (count >= least_for_pareto_k) tail_size_ = pareto_tail_length(count) + 1;
  tail_.reserve(tail_size_);
  clear();
}

void ImportanceWeights::clear() {
  size_ = 0;
  largest_ = -infinity;
  sum_ = squares_ = 0;
  tail_.clear();
}

void ImportanceWeights::add(double f) {
  ++size_;
  if (f > largest_) {
    const double shrink = std::exp(largest_ - f);  // 0 at first
    sum_ *= shrink;
    squares_ *= shrink * shrink;
    largest_ = f;
  }
  if (std::isnan(f)) sum_ = squares_ = f;  // and so they stay
  if (largest_ > -infinity) {
    const double w = f == largest_ ? 1 : std::exp(f - largest_);
    sum_ += w;
    squares_ += w * w;
  }
  if (tail_.size() < tail_size_) {
    tail_.push_back(f);
    std::push_heap(tail_.begin(), tail_.end(), std::greater<>());
  } else if (tail_size_ != 0 && f > tail_.front()) {
    std::pop_heap(tail_.begin(), tail_.end(), std::greater<>());
    tail_.back() = f;
    std::push_heap(tail_.begin(), tail_.end(), std::greater<>());
  }
}

double ImportanceWeights::log_mean() const {
  if (sum_ == 0) return -infinity;
  return largest_ + std::log(sum_ / double(size_));
}

double ImportanceWeights::effective_sample_size() const {
  return squares_ == 0 ? 0 : sum_ * sum_ / squares_;
}

std::vector<double> ImportanceWeights::sorted_tail() const {
  if (size_ != count_ || tail_size_ == 0 || !std::isfinite(largest_) || std::isnan(sum_)) return {};
  std::vector<double> sorted = tail_;
  for (double& f : sorted) f -= largest_;
  std::sort(sorted.begin(), sorted.end());
  std::size_t ties = 0;  // of ratios that do not underflow beside the largest
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    ties += sorted[i] == sorted[i - 1] && std::exp(sorted[i]) > 0;
  }
  const bool tied = sorted.front() != sorted.back() && 2 * ties > sorted.size() - 1;
  return tied ? std::vector<double>{} : sorted;
}

ParetoTail ImportanceWeights::pareto_tail() const {
  const std::vector<double> sorted = sorted_tail();
  if (sorted.empty()) return {std::nan(""), std::nan("")};
  if (sorted.front() == sorted.back()) return {0, log_mean()};
  const double cutoff = std::exp(sorted.front());
  std::vector<double> exceedances;
  double tail = 0;
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    tail += std::exp(sorted[i]);
    exceedances.push_back(std::exp(sorted[i]) - cutoff);
  }
  const double n = double(exceedances.size());
  const GeneralizedPareto fit = fit_generalized_pareto(exceedances);
  const double k = (n * fit.shape + 10 * 0.5) / (n + 10);
  double smoothed = 0;
  for (double i = 0.5; i < n; ++i) {
    const double log_survival = std::log1p(-i / n);
    const double exceedance =
        k == 0 ? -fit.scale * log_survival : fit.scale * std::expm1(-k * log_survival) / k;
    smoothed += std::min(cutoff + exceedance, 1.0);
  }
  const double rest = std::max(sum_ - tail, 0.0);
  return {k, largest_ + std::log((rest + smoothed) / double(size_))};
}

}  // namespace nelbo
