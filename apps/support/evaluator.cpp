#include "apps/support/evaluator.hpp"

#include <algorithm>
#include <numeric>

#include "autodiff/random.hpp"
#include "objectives/terms.hpp"

namespace nelbo {
namespace {

constexpr std::size_t evaluation_batch = 100;

}  // namespace

Evaluator::Evaluator(const Vae& model, const Examples& examples, std::uint64_t seed)
    : examples_(examples),
      seed_(seed),
      rows_(examples.count()),
      full_(model, elbo(), std::min(evaluation_batch, examples.count()), false) {
  std::iota(rows_.begin(), rows_.end(), 0u);
  const std::size_t rest = examples.count() % full_.batch();
  if (rest != 0) partial_ = std::make_unique<RecordedBatch>(model, elbo(), rest, false);
}

Metrics Evaluator::operator()() {
  MetricSums sums;
  const std::span<const std::uint32_t> all(rows_);
  for (std::size_t first = 0; first < all.size(); first += full_.batch()) {
    const auto rows = all.subspan(first, std::min(full_.batch(), all.size() - first));
    RecordedBatch& batch = rows.size() == full_.batch() ? full_ : *partial_;
    examples_.fill(batch.x(), rows, 0);
    fill_normal(batch.noise(), {.stream = {seed_, StreamId::evaluation},
                                .batch = rows.size(),
                                .dimensions = batch.latent(),
                                .datum = rows.data()});
    batch.tape().forward();
    sums.add({batch.nell(), batch.div()}, rows.size());
  }
  return sums.mean();
}

}  // namespace nelbo
