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
                     const Examples& examples, std::uint64_t seed, const DrawVariables& variables,
                     Ranks& ranks)
    : examples_(examples),
      seed_(seed),
      variables_(variables),
      ranks_(ranks),
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
  const std::size_t size = recordings_.batch(), batches = (rows_.size() + size - 1) / size;
  const std::size_t begin = ranks_.begin_of(ranks_.rank(), batches),
                    end = ranks_.begin_of(ranks_.rank() + 1, batches);
  const auto rows_of = [&](std::size_t number) {
    const std::size_t first = number * size;
    return std::span<const std::uint32_t>(rows_).subspan(first,
                                                         std::min(size, rows_.size() - first));
  };
  std::vector<double> numbers;  // of every batch: nell, div, objective, terms
  const std::size_t each = 3 + recordings_.of(rows_of(0).size()).terms();
  numbers.resize(batches * each);
  for (std::size_t number = begin; number < end; ++number) {
    const auto rows = rows_of(number);
    RecordedBatch& batch = recordings_.of(rows.size());
    examples_.fill(batch.x().data_as<float>(), rows, 0);
    batch.fill({variables_, seed_, 0, rows, time, number});
    batch.tape().forward();
    const Metrics& found = batch.metrics();
    double* to = numbers.data() + number * each;
    for (const double value : {found.nell, found.div, found.objective}) *to++ = value;
    std::copy(found.terms.begin(), found.terms.end(), to);
  }
  ranks_.gather_shares(numbers.data(), batches, each * sizeof(double));
  MetricSums sums;
  for (std::size_t number = 0; number < batches; ++number) {
    const double* of = numbers.data() + number * each;
    sums.add({of[0], of[1], of[2], {of + 3, of + each}}, rows_of(number).size());
  }
  return sums.mean();
}

}  // namespace nelbo
