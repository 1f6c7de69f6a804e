#include <algorithm>

#include "objectives/bounds/power_mean.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/estimators/importance_weighted.hpp"

namespace nelbo::estimators {

Estimator piwae() {
  return Estimator(
      {.text = "piwae",
       .formula = "path a_s, score -a_s; decoder softmax(f)_s over all k m samples",
       .meaning = "partially importance weighted: phi from MC_k-IW_m, theta from IW_km",
       .source = "Rainforth et al. (2018)",
       .path = Estimator::Path::own,
       .score = Estimator::Score::total,
       .other_decoder = true,
       .undefined = needs_importance_weights},
      [](const Estimator::Datum& datum, Estimator::Weights& weights) {
        std::copy(datum.a.begin(), datum.a.end(), weights.path.begin());
        weights.value = bounds::power_mean(1, datum.f, weights.decoder);
      });
}

}  // namespace nelbo::estimators
