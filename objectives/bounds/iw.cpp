#include "objectives/bounds/arguments.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/bounds/power_mean.hpp"

namespace nelbo::bounds {

Bound iw(std::int64_t m) {
  const Arguments written = Arguments("iw").samples("m", m);
  return Bound({.text = written.text(),
                .formula = "\\log \\tfrac1m \\sum_{s=1}^m R_s",
                .equation = "Zheng eqs (39)-(40); Burda et al. (2016)",
                .meaning = "log of the mean weight",
                .samples = m,
                .side = Bound::Side::lower,
                .bias = Bound::Bias::under,
                .linear = m == 1,
                .importance_weighted = true,
                .family = written.family()},
               [](auto f, auto w, auto h) {
                 const double value = power_mean(1, f, w);
                 for (std::size_t s = 0; s < f.size(); ++s) h[s] = w[s] * (1 - w[s]);
                 return value;
               });
}

}  // namespace nelbo::bounds
