#include "lab/evaluation/disentanglement/factor_vae.hpp"

#include <algorithm>
#include <limits>

#include "autodiff/random_variables.hpp"
#include "autodiff/threads.hpp"
#include "lab/evaluation/disentanglement/buckets.hpp"
#include "lab/evaluation/disentanglement/live_dimensions.hpp"
#include "lab/evaluation/disentanglement/votes.hpp"
#include "lab/statistics/column_moments.hpp"

namespace nelbo::disentanglement {
namespace {

struct Vote {
  std::uint32_t dimension = 0, factor = 0;
};

class Ballot {
 public:
  Ballot(const Points& points, std::span<const std::size_t> kept, std::uint64_t seed)
      : codes_(points.table()),
        kept_(kept),
        seed_(seed),
        variances_(column_variances(points.table())),
        buckets_(buckets_of(points)) {}

  /// Of the factor and points that the vote's numbers choose: which factor, which value, which points.
  Vote vote(std::size_t number) const {
    double u[vote_batch + 2];
    fill_uniform(u, {.stream = random_variables::factor_votes.of(seed_),
                     .dimensions = vote_batch + 2,
                     .first_datum = std::uint32_t(number)});
    const std::size_t factor =
        std::min(std::size_t(u[0] * double(buckets_.size())), buckets_.size() - 1);
    const auto among = buckets_[factor].like(chosen(buckets_[factor].shared(), u[1]));
    std::uint32_t batch[vote_batch];
    for (std::size_t i = 0; i < vote_batch; ++i) batch[i] = chosen(among, u[i + 2]);
    return {stillest(batch), std::uint32_t(factor)};
  }

 private:
  std::uint32_t stillest(const std::uint32_t* batch) const {
    double least = std::numeric_limits<double>::infinity();
    std::size_t best = kept_.front();
    for (const std::size_t d : kept_) {
      double sum = 0, squares = 0;  // of differences from the first point: exact 0 of what is equal
      for (std::size_t i = 1; i < vote_batch; ++i) {
        const double difference = codes_(batch[i], d) - codes_(batch[0], d);
        sum += difference, squares += difference * difference;
      }
      const double ratio = (squares - sum * sum / double(vote_batch)) / variances_[d];
      if (ratio < least) least = ratio, best = d;
    }
    return std::uint32_t(best);
  }

  TableView codes_;
  std::span<const std::size_t> kept_;
  std::uint64_t seed_;
  std::vector<double> variances_;
  std::vector<Buckets> buckets_;
};

}  // namespace

FactorVae factor_vae(const Points& points, std::uint64_t seed) {
  return factor_vae(points, live_dimensions(points), seed);
}

FactorVae factor_vae(const Points& points, std::span<const std::size_t> kept, std::uint64_t seed) {
  FactorVae result{
      {}, {kept.begin(), kept.end()}, std::vector<std::int32_t>(points.dimensions, -1)};
  const Ballot ballot(points, kept, seed);
  if (kept.empty()) return result;
  constexpr std::size_t votes_of_chunk = 250;
  std::vector<Vote> votes(training_votes + test_votes);
  parallel_for(votes.size() / votes_of_chunk, [&](std::size_t chunk) {
    for (std::size_t i = 0; i < votes_of_chunk; ++i) {
      votes[chunk * votes_of_chunk + i] = ballot.vote(chunk * votes_of_chunk + i);
    }
  });
  const std::size_t factors = points.factors.size();
  std::vector<std::uint32_t> table(points.dimensions * factors, 0);  // [D, K]
  for (std::size_t i = 0; i < training_votes; ++i) {
    ++table[votes[i].dimension * factors + votes[i].factor];
  }
  for (std::size_t d = 0; d < points.dimensions; ++d) {
    const auto row = table.begin() + std::ptrdiff_t(d * factors);
    const auto most = std::max_element(row, row + std::ptrdiff_t(factors));
    if (*most > 0) result.says[d] = std::int32_t(most - row);
  }
  std::size_t right = 0;
  for (std::size_t i = training_votes; i < votes.size(); ++i) {
    // A dimension that never voted before says the first factor.
    const std::int32_t said = std::max(result.says[votes[i].dimension], 0);
    right += said == std::int32_t(votes[i].factor);
  }
  result.score = share_of_votes(right, test_votes);
  return result;
}

}  // namespace nelbo::disentanglement
