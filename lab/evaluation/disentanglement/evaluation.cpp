#include "lab/evaluation/disentanglement/evaluation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lab/evaluation/disentanglement/evaluation_pieces.hpp"

namespace nelbo::disentanglement {
namespace {

constexpr std::size_t rare = 30;

}  // namespace

Evaluation evaluate(const Points& points, const EvaluationOptions& options) {
  const EvaluationPieces pieces(points, options);
  std::vector<PieceResult> results;
  for (std::size_t i = 0; i < pieces.count(); ++i) results.push_back(pieces.compute(i));
  return pieces.put_together(std::move(results));
}

std::vector<std::string> rare_values(const Points& points) {
  std::vector<std::string> all;
  for (const Factor& factor : points.factors) {
    std::vector<std::size_t> counts(std::size_t(factor.size), 0);
    for (const std::int32_t value : factor.classes) ++counts[std::size_t(value)];
    std::erase(counts, 0u);
    const auto few =
        std::count_if(counts.begin(), counts.end(), [](std::size_t count) { return count < rare; });
    if (few == 0) continue;
    all.push_back(fmt::format("{}: {} of {} values have fewer than {} points, the rarest {}",
                              factor.name, few, counts.size(), rare,
                              *std::min_element(counts.begin(), counts.end())));
  }
  return all;
}

}  // namespace nelbo::disentanglement
