#include <algorithm>
#include <cmath>
#include <limits>

#include "objectives/bounds/arguments.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/bounds/power_mean.hpp"

namespace nelbo::bounds {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

Bound renyi(double alpha, std::int64_t m) {
  const double p = 1 - alpha;
  // E L grows with m to the Renyi bound for alpha < 1, which is above log p(x) for alpha < 0; for
  // alpha > 1 it falls from the ELBO, below log p(x) but of no use as a bound.
  const Arguments written =
      Arguments("renyi").real("alpha", alpha, -infinity, infinity).several_samples("m", m);
  return Bound({.text = written.text(),
                .formula = "\\tfrac{1}{1-\\alpha} \\log \\tfrac1m \\sum_{s=1}^m R_s^{1-\\alpha}",
                .equation = "Li and Turner (2016)",
                .meaning = "log of a power mean of the weights",
                .samples = m,
                .side = alpha >= 0 && alpha <= 1 ? Bound::Side::lower : Bound::Side::neither,
                .bias = alpha >= 0 ? Bound::Bias::under : Bound::Bias::undetermined,
                .linear = p == 0,
                .family = written.family()},
               [p](auto f, auto v, auto h) {
                 if (p == 0) {
                   std::fill(v.begin(), v.end(), 1 / double(f.size()));
                   std::fill(h.begin(), h.end(), 0.0);
                   return mean_of(f);
                 }
                 const double value = power_mean(p, f, v);
                 for (std::size_t s = 0; s < f.size(); ++s) h[s] = p * v[s] * (1 - v[s]);
                 return value;
               });
}

Bound vr_max(std::int64_t m) {
  const Arguments written = Arguments("vr_max").several_samples("m", m);
  return Bound({.text = written.text(),
                .formula = "\\max_{s \\le m} \\log R_s",
                .equation = "Li and Turner (2016), alpha -> -infinity",
                .meaning = "largest log-weight",
                .samples = m,
                .side = Bound::Side::neither,
                .bias = Bound::Bias::undetermined,
                .smooth = false,
                .family = written.family()},
               [](auto f, auto v, auto h) {
                 std::fill(h.begin(), h.end(), 0.0);
                 const auto nan = std::find_if(f.begin(), f.end(), [](double x) { return x != x; });
                 const double largest =
                     nan != f.end() ? *nan : *std::max_element(f.begin(), f.end());
                 if (nan != f.end()) {
                   std::fill(v.begin(), v.end(), largest);
                 } else {
                   share_among(largest, f, v);
                 }
                 return largest;
               });
}

}  // namespace nelbo::bounds
