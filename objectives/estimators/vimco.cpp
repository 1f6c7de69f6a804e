#include <numeric>

#include "objectives/estimators/estimators.hpp"
#include "objectives/estimators/leave_one_out.hpp"

namespace nelbo::estimators {
namespace {

/// What f_s is replaced by in c_s, for every s.
void mean_of_others(OthersMean mean, std::span<const double> f, std::span<double> out) {
  const double others = double(f.size()) - 1;
  if (mean == OthersMean::arithmetic) {
    log_sum_exp_of_others(f, out);
    for (double& x : out) x -= std::log(others);
    return;
  }
  const double sum = std::accumulate(f.begin(), f.end(), 0.0);
  for (std::size_t s = 0; s < f.size(); ++s) out[s] = (sum - f[s]) / others;
}

}  // namespace

Estimator vimco(OthersMean mean) {
  const bool geometric = mean == OthersMean::geometric;
  return Estimator(
      {.text = geometric ? "vimco" : "vimco(arithmetic)",
       .formula =
           "path 0, score L - c_s - a_s, c_s = L with f_s replaced by the mean of the others",
       .meaning = geometric ? "score function, each sample against the geometric mean of the others"
                            : "score function, each sample against the arithmetic mean of the "
                              "others",
       .source = "Mnih and Rezende (2016)",
       .undefined = [](const Bound& bound) -> std::string {
         if (bound.inner().samples() >= 2) return "";
         return "a sample has no others in its group; it needs m >= 2";
       }},
      [mean](const Estimator::Datum& datum, Estimator::Weights& weights) {
        for_each_group(datum, [&](const Bound& inner, std::span<const double> f, std::size_t first,
                                  double k) {
          const std::size_t m = f.size();
          const auto replaced = weights.scratch.first(m), changed = weights.scratch.subspan(m, m);
          const auto a = weights.scratch.subspan(2 * m, m), h = weights.scratch.subspan(3 * m, m);
          const double value = inner.function()(f, a, h);
          mean_of_others(mean, f, replaced);
          std::copy(f.begin(), f.end(), changed.begin());
          for (std::size_t s = 0; s < m; ++s) {
            changed[s] = replaced[s];
            const double baseline = inner.function()(changed, a, h);
            changed[s] = f[s];
            weights.score[first + s] = (value - baseline) / k - datum.a[first + s];
          }
        });
      });
}

}  // namespace nelbo::estimators
