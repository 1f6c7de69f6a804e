#include "lab/training/evaluator.hpp"

#include <algorithm>
#include <numeric>

#include "autodiff/random_variables.hpp"
#include "lab/data/data_entropy.hpp"

namespace nelbo {
namespace {

constexpr std::size_t evaluation_batch = 100;

/// 100, or for pairwise terms the training batch; less by what leaves no last batch of one.
std::size_t batch_size(const Term& objective, std::size_t training_batch, std::size_t examples) {
  const bool pairwise = objective.needs(&Quantity::pairwise);
  std::size_t batch = std::min(pairwise ? training_batch : evaluation_batch, examples);
  while (pairwise && batch > 2 && examples % batch == 1) --batch;
  return batch;
}

Population population_of(const Term& objective, const Vae& model, const Examples& examples) {
  Population population{.size = std::int64_t(examples.count())};
  if (objective.needs(&Quantity::data_entropy)) {
    population.entropy = data_entropy(examples, model.config().likelihood);
  }
  return population;
}

}  // namespace

Evaluator::Evaluator(const Networks& networks, const ParameterStore& store, const Term& objective,
                     const EstimatorChoice& estimators, std::size_t training_batch,
                     const Examples& examples, std::uint64_t seed)
    : examples_(examples),
      seed_(seed),
      rows_(examples.count()),
      objective_(objective),
      population_(population_of(objective, *networks.model, examples)),
      full_(networks, store, objective_, estimators, population_,
            batch_size(objective, training_batch, examples.count()), false) {
  std::iota(rows_.begin(), rows_.end(), 0u);
  const std::size_t rest = examples.count() % full_.batch();
  if (rest != 0) {
    partial_ = std::make_unique<RecordedBatch>(networks, store, objective_, estimators, population_,
                                               rest, false);
  }
}

Metrics Evaluator::operator()(std::uint64_t step) {
  MetricSums sums;
  const std::span<const std::uint32_t> all(rows_);
  for (std::size_t first = 0; first < all.size(); first += full_.batch()) {
    const auto rows = all.subspan(first, std::min(full_.batch(), all.size() - first));
    RecordedBatch& batch = rows.size() == full_.batch() ? full_ : *partial_;
    examples_.fill(batch.x(), rows, 0);
    batch.fill_noise(random_variables::evaluation, seed_, 0, rows);
    batch.fill_schedules(step);
    batch.tape().forward();
    sums.add(batch.metrics(), rows.size());
  }
  return sums.mean();
}

}  // namespace nelbo
