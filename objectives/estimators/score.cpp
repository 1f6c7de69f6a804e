#include "objectives/estimators/estimators.hpp"

namespace nelbo::estimators {

Estimator score(Estimator::Baseline baseline) {
  static const char* const texts[] = {"score", "score(mean)", "score(learned)"};
  static const char* const meanings[] = {"score function, no baseline",
                                         "score function, the running mean of L as baseline",
                                         "score function, a network of x as baseline"};
  return Estimator({.text = texts[int(baseline)],
                    .formula = "path 0, score L - c - a_s",
                    .meaning = meanings[int(baseline)],
                    .source = "Williams (1992); Mnih and Gregor (2014)",
                    .baseline = baseline,
                    .of_expectations = true},
                   [](const Estimator::Datum& datum, Estimator::Weights& weights) {
                     for (std::size_t s = 0; s < datum.a.size(); ++s) {
                       weights.score[s] = datum.value - datum.baseline - datum.a[s];
                     }
                   });
}

Estimator rloo() {
  return Estimator(
      {.text = "rloo",
       .formula = "path 0, score (L_i - mean_{j != i} L_j)/k - a_s",
       .meaning = "score function, the other copies of the bound as baseline",
       .source = "Kool et al. (2019)",
       .of_expectations = true,
       .undefined = [](const Bound& bound) -> std::string {
         if (bound.groups() >= 2) return "";
         return "there are no other copies to compare with; use mc(k, ...) with k >= 2, or vimco";
       }},
      [](const Estimator::Datum& datum, Estimator::Weights& weights) {
        const Bound& inner = datum.bound.inner();
        const double k = double(datum.bound.groups());
        const std::size_t m = std::size_t(inner.samples());
        const auto a = weights.scratch.first(m), h = weights.scratch.subspan(m, m);
        for (std::size_t first = 0; first < datum.f.size(); first += m) {
          const double own = inner.function()(datum.f.subspan(first, m), a, h);
          const double others = (k * datum.value - own) / (k - 1);
          for (std::size_t s = first; s < first + m; ++s) {
            weights.score[s] = (own - others) / k - datum.a[s];
          }
        }
      });
}

}  // namespace nelbo::estimators
