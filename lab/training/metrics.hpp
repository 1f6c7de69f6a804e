#pragma once
#include <cstdint>
#include <optional>
#include <vector>

namespace nelbo {

/// Means over data, in nats per datum.
struct Metrics {
  double nell = 0;            // Zheng eq. (15)
  double div = 0;             // Zheng eq. (16); in closed form where there is one
  double objective = 0;       // as a gain: itself, or a cost with its sign turned
  std::vector<double> terms;  // the named quantities of the objective, in its order
  double elbo() const { return -(nell + div); }
};

/// What the parameters' moving average comes to.
struct AverageMetrics {
  std::optional<Metrics> validation;  // where there are validation examples
  Metrics held_out;
};

/// Sums from which Metrics are means; in double, in the order of the batches.
struct MetricSums {
  Metrics sums;
  std::uint64_t examples = 0;

  /// Does not allocate once `terms` has its size.
  void add(const Metrics& mean, std::uint64_t count) {
    const double n = double(count);
    sums.nell += mean.nell * n;
    sums.div += mean.div * n;
    sums.objective += mean.objective * n;
    sums.terms.resize(mean.terms.size());
    for (std::size_t i = 0; i < mean.terms.size(); ++i) sums.terms[i] += mean.terms[i] * n;
    examples += count;
  }
  Metrics mean() const {
    const double n = double(examples);
    Metrics mean{sums.nell / n, sums.div / n, sums.objective / n, sums.terms};
    for (double& term : mean.terms) term /= n;
    return mean;
  }
  /// Empty again, without giving memory back.
  void clear() {
    sums.nell = sums.div = sums.objective = 0;
    for (double& term : sums.terms) term = 0;
    examples = 0;
  }
};

}  // namespace nelbo
