#include "lab/evaluation/disentanglement/beta_vae.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "autodiff/random_variables.hpp"
#include "autodiff/threads.hpp"
#include "lab/evaluation/disentanglement/buckets.hpp"
#include "lab/evaluation/disentanglement/votes.hpp"
#include "lab/statistics/learners/multinomial_logistic.hpp"
#include "lab/statistics/learners/standardise.hpp"

namespace nelbo::disentanglement {
namespace {

bool constant(TableView codes) {
  for (std::size_t n = 1; n < codes.rows(); ++n) {
    if (!std::ranges::equal(codes.row(n), codes.row(0))) return false;
  }
  return true;
}

/// The element but `a` that a number u of (0, 1) chooses. A point beside itself would tell by no
/// difference at all which factor has few points of a value.
std::uint32_t other(std::span<const std::uint32_t> among, std::uint32_t a, double u) {
  const std::uint32_t b = chosen(among.first(among.size() - 1), u);
  return b == a ? among.back() : b;
}

struct Examples {
  std::vector<double> features;      // [examples, D]
  std::vector<std::int32_t> labels;  // [examples]
};

/// Writes an example's features [D], gives its label.
std::int32_t draw_example(const Points& points, std::span<const Buckets> buckets,
                          std::uint64_t seed, std::size_t number, double* features) {
  double u[1 + 2 * vote_batch];
  fill_uniform(u, {.stream = random_variables::factor_pairs.of(seed),
                   .dimensions = 1 + 2 * vote_batch,
                   .first_datum = std::uint32_t(number)});
  const std::size_t factor =
      std::min(std::size_t(u[0] * double(buckets.size())), buckets.size() - 1);
  const TableView codes = points.table();
  std::fill_n(features, points.dimensions, 0.0);
  for (std::size_t i = 0; i < vote_batch; ++i) {
    const std::uint32_t a = chosen(buckets[factor].shared(), u[1 + 2 * i]);
    const std::uint32_t b = other(buckets[factor].like(a), a, u[2 + 2 * i]);
    for (std::size_t d = 0; d < points.dimensions; ++d) {
      features[d] += std::abs(codes(a, d) - codes(b, d)) / double(vote_batch);
    }
  }
  return std::int32_t(factor);
}

Examples draw_examples(const Points& points, std::span<const Buckets> buckets, std::uint64_t seed,
                       std::size_t first, std::size_t count) {
  constexpr std::size_t examples_of_chunk = 250;
  Examples examples{std::vector<double>(count * points.dimensions),
                    std::vector<std::int32_t>(count)};
  parallel_for(count / examples_of_chunk, [&](std::size_t chunk) {
    for (std::size_t i = chunk * examples_of_chunk; i < (chunk + 1) * examples_of_chunk; ++i) {
      examples.labels[i] =
          draw_example(points, buckets, seed, first + i, &examples.features[i * points.dimensions]);
    }
  });
  return examples;
}

}  // namespace

Score beta_vae(const Points& points, std::uint64_t seed, PairFeatures features) {
  const std::vector<Buckets> buckets = buckets_of(points);
  if (features == PairFeatures::standardised && constant(points.table())) return {};
  Examples train = draw_examples(points, buckets, seed, 0, training_votes);
  Examples test = draw_examples(points, buckets, seed, training_votes, test_votes);
  const auto table = [&](const Examples& of) { return TableView(of.features, points.dimensions); };
  if (features == PairFeatures::standardised) {
    const learners::Standardisation scale(table(train));
    train.features = scale.of(table(train));
    test.features = scale.of(table(test));
  }
  const auto model =
      learners::fit_multinomial_logistic(table(train), train.labels, points.factors.size(), {});
  const auto said =
      learners::most_probable(model.probabilities(table(test)), points.factors.size());
  std::size_t right = 0;
  for (std::size_t i = 0; i < test_votes; ++i) right += said[i] == test.labels[i];
  return share_of_votes(right, test_votes);
}

}  // namespace nelbo::disentanglement
