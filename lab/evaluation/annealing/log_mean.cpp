#include "lab/evaluation/annealing/log_mean.hpp"

#include <cmath>

#include "lab/statistics/importance_diagnostics.hpp"

namespace nelbo::annealing {
namespace {

LogMean log_mean(std::span<const double> log_weights, double sign) {
  const double S = double(log_weights.size());
  ImportanceWeights weights(log_weights.size());
  for (const double f : log_weights) weights.add(sign * f);
  const double ess = weights.effective_sample_size();
  // The relative variance of one weight is (S / ESS - 1) S / (S - 1), that of their mean 1/S of it.
  return {sign * weights.log_mean(), std::sqrt((S / ess - 1) / (S - 1)), ess};
}

}  // namespace

LogMean log_mean_exp(std::span<const double> log_weights) { return log_mean(log_weights, 1); }

LogMean log_harmonic_mean_exp(std::span<const double> log_weights) {
  return log_mean(log_weights, -1);
}

}  // namespace nelbo::annealing
