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
  // What stands before and behind each: a difference from the whole sum would be lost beside an infinite f.
  double before = 0, behind = 0;
  for (std::size_t s = 0; s < f.size(); ++s) {
    out[s] = before;
    before += f[s];
  }
  for (std::size_t s = f.size(); s-- > 0;) {
    out[s] = (out[s] + behind) / others;
    behind += f[s];
  }
}

double log_add_exp(double a, double b) {
  if (a == b) return a + std::log(2.0);  // infinite ones too
  return std::max(a, b) + std::log1p(std::exp(-std::fabs(a - b)));
}

/// c_s for every s, L with f_s replaced: of iw from the sum of the others' weights, which is the same
/// for L and c_s, else by L itself, m times. Scratch: 3 m numbers.
void replace_each(const Bound& inner, OthersMean mean, std::span<const double> f,
                  std::span<double> baseline, std::span<double> scratch) {
  const std::size_t m = f.size();
  mean_of_others(mean, f, baseline);
  const auto changed = scratch.first(m), a = scratch.subspan(m, m), h = scratch.subspan(2 * m, m);
  if (inner.importance_weighted()) {
    log_sum_exp_of_others(f, changed);
    for (std::size_t s = 0; s < m; ++s) {
      baseline[s] = log_add_exp(baseline[s], changed[s]) - std::log(double(m));
    }
    return;
  }
  std::copy(f.begin(), f.end(), changed.begin());
  for (std::size_t s = 0; s < m; ++s) {
    changed[s] = baseline[s];
    baseline[s] = inner.function()(changed, a, h);
    changed[s] = f[s];
  }
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
          const auto baseline = weights.scratch.first(m), rest = weights.scratch.subspan(m, 3 * m);
          const double value = inner.function()(f, rest.first(m), rest.subspan(m, m));
          replace_each(inner, mean, f, baseline, rest);
          for (std::size_t s = 0; s < m; ++s) {
            weights.score[first + s] = (value - baseline[s]) / k - datum.a[first + s];
          }
        });
      });
}

}  // namespace nelbo::estimators
