#include <limits>

#include "objectives/bounds/arguments.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/bounds/power_mean.hpp"

namespace nelbo::bounds {

Bound cubo(double n, std::int64_t m) {
  // Below n = 1 this is a Renyi bound with alpha = 1 - n, from below.
  const Arguments written = Arguments("cubo")
                                .real("n", n, 1, std::numeric_limits<double>::infinity())
                                .several_samples("m", m);
  return Bound({.text = written.text(),
                .formula = "\\tfrac1n \\log \\tfrac1m \\sum_{s=1}^m R_s^n",
                .equation = "Dieng et al. (2017)",
                .meaning = "upper bound in expectation of w^n; the logarithm is biased down",
                .samples = m,
                .side = Bound::Side::upper,
                .bias = Bound::Bias::undetermined,
                .family = written.family()},
               [n](auto f, auto v, auto h) {
                 const double value = power_mean(n, f, v);
                 for (std::size_t s = 0; s < f.size(); ++s) h[s] = n * v[s] * (1 - v[s]);
                 return value;
               });
}

}  // namespace nelbo::bounds
