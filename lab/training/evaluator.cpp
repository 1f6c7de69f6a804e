#include "lab/training/evaluator.hpp"

#include <algorithm>

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

Population population_of(const Term& objective, const Model& model, const Examples& examples) {
  Population population{.size = std::int64_t(examples.count())};
  if (objective.needs(&Quantity::data_entropy)) population.entropy = data_entropy(examples, model);
  return population;
}

}  // namespace

Evaluator::Evaluator(const Networks& networks, const Term& objective,
                     const EstimatorChoice& estimators, std::size_t training_batch,
                     const Examples& examples, std::uint64_t seed, const DrawVariables& variables)
    : examples_(examples),
      seed_(seed),
      variables_(variables),
      rows_(all_rows(examples.count())),
      recordings_(
          batch_size(objective, training_batch, examples.count()),
          [&networks, objective, estimators,
           population = population_of(objective, *networks.model, examples)](std::size_t batch) {
            return std::make_unique<RecordedBatch>(*networks.model, networks.auxiliaries, objective,
                                                   estimators, population, batch,
                                                   RecordedBatch::Use::evaluation);
          }) {}

Metrics Evaluator::operator()(const TrainingTime& time) {
  MetricSums sums;
  std::uint64_t number = 0;
  recordings_.for_each_batch(rows_, [&](RecordedBatch& batch, std::span<const std::uint32_t> rows) {
    examples_.fill(batch.x().data_as<float>(), rows, 0);
    batch.fill({variables_, seed_, 0, rows, time, number++});
    batch.tape().forward();
    sums.add(batch.metrics(), rows.size());
  });
  return sums.mean();
}

}  // namespace nelbo
