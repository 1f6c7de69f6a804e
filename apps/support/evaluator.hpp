#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "apps/support/examples.hpp"
#include "apps/support/metrics.hpp"
#include "apps/support/recording.hpp"

namespace nelbo {

/// Nell and Div over a split, Zheng eqs (14)-(16), with one draw of z per datum whose noise is
/// fixed by the seed: two evaluations of equal parameters give equal bits, and reporting does not
/// disturb training.
class Evaluator {
 public:
  /// `model` and `examples` must outlive the evaluator.
  Evaluator(const Vae& model, const Examples& examples, std::uint64_t seed);

  /// Means over all examples with the parameters as they are now.
  Metrics operator()();

 private:
  const Examples& examples_;
  std::uint64_t seed_;
  std::vector<std::uint32_t> rows_;
  RecordedBatch full_;
  std::unique_ptr<RecordedBatch> partial_;  // the last batch, if it is smaller
};

}  // namespace nelbo
