#include "objectives/bounds/arguments.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/estimators/importance_weighted.hpp"
#include "objectives/estimators/leave_one_out.hpp"

namespace nelbo::estimators {

Estimator ovis(double gamma) {
  return Estimator(
      {.text = bounds::Arguments("ovis").real("gamma", gamma, 0, 1).text(),
       .formula = "path 0, score L - w_s - c_s, c_s = log mean_{t != s} R_t - gamma w_s + (1 - "
                  "gamma) log(1 - 1/m)",
       .meaning = "score function with asymptotically optimal control variates",
       .source = "Lievin et al. (2020)",
       .undefined = [](const Bound& bound) -> std::string {
         if (const std::string why = needs_importance_weights(bound); !why.empty()) return why;
         if (bound.inner().samples() >= 2) return "";
         return "a sample has no others in its group; it needs m >= 2";
       },
       .bias = [gamma](const Bound&) -> std::string {
         if (gamma == 0) return "";
         return "the control variate depends on its own sample; right to leading order in 1/m";
       }},
      [gamma](const Estimator::Datum& datum, Estimator::Weights& weights) {
        for_each_group(datum, [&](const Bound& inner, std::span<const double> f, std::size_t first,
                                  double k) {
          const std::size_t m = f.size();
          const auto w = weights.scratch.first(m), h = weights.scratch.subspan(m, m);
          const auto others = weights.scratch.subspan(2 * m, m);
          const double value = inner.function()(f, w, h);
          log_sum_exp_of_others(f, others);
          const double correction = (1 - gamma) * std::log1p(-1 / double(m));
          for (std::size_t s = 0; s < m; ++s) {
            const double control = others[s] - std::log(double(m - 1)) - gamma * w[s] + correction;
            weights.score[first + s] = (value - w[s] - control) / k;
          }
        });
      });
}

}  // namespace nelbo::estimators
