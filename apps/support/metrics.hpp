#pragma once
#include <cstdint>

namespace nelbo {

/// Means over data, in nats per datum.
struct Metrics {
  double nell = 0;  // Zheng eq. (15)
  double div = 0;   // Zheng eq. (16), closed form
  double elbo() const { return -(nell + div); }
};

/// Sums from which Metrics are means; in double, in the order of the batches.
struct MetricSums {
  double nell = 0;
  double div = 0;
  std::uint64_t examples = 0;

  void add(const Metrics& mean, std::uint64_t count) {
    nell += mean.nell * double(count);
    div += mean.div * double(count);
    examples += count;
  }
  Metrics mean() const { return {nell / double(examples), div / double(examples)}; }
};

}  // namespace nelbo
