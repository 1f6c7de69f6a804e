#include "lab/evaluation/disentanglement/mean_area.hpp"

#include <cmath>
#include <utility>

#include "lab/statistics/learners/roc.hpp"

namespace nelbo::disentanglement {

HeldOut mean_area(std::span<const double> scores, const Factor& truth) {
  const std::size_t count = truth.classes.size(), classes = std::size_t(truth.size);
  std::vector<HeldOut> areas;
  for (std::size_t c = 0; c < classes; ++c) {
    std::vector<double> of_class(count);
    std::vector<bool> positive(count);
    for (std::size_t n = 0; n < count; ++n) {
      of_class[n] = scores[n * classes + c];
      positive[n] = truth.classes[n] == std::int32_t(c);
    }
    learners::RocArea roc = learners::roc_area(of_class, positive);
    if (!std::isnan(roc.area)) areas.push_back({roc.area, std::move(roc.influence)});
  }
  HeldOut result{areas.empty() ? 0.5 : 0.0, std::vector<double>(count, 0.0)};
  for (const HeldOut& area : areas) result.add(area, 1 / double(areas.size()));
  return result;
}

}  // namespace nelbo::disentanglement
