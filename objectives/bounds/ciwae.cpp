#include "objectives/bounds/arguments.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/bounds/power_mean.hpp"

namespace nelbo::bounds {

Bound ciwae(double beta, std::int64_t m) {
  const Arguments written = Arguments("ciwae").real("beta", beta, 0, 1).samples("m", m);
  return Bound({.text = written.text(),
                .formula = "\\tfrac{\\beta}{m} \\sum_{s=1}^m \\log R_s + (1-\\beta) \\log "
                           "\\tfrac1m \\sum_{s=1}^m R_s",
                .equation = "Rainforth et al. (2018)",
                .meaning = "beta ELBO + (1 - beta) IW on the same samples",
                .samples = m,
                .side = Bound::Side::lower,
                .bias = Bound::Bias::under,
                .linear = beta == 1,
                .family = written.family()},
               [beta](auto f, auto a, auto h) {
                 const double iw = power_mean(1, f, a);
                 for (std::size_t s = 0; s < f.size(); ++s) {
                   const double w = a[s];
                   a[s] = beta / double(f.size()) + (1 - beta) * w;
                   h[s] = (1 - beta) * w * (1 - w);
                 }
                 if (beta == 0) return iw;  // 0 times an infinite mean
                 if (beta == 1) return mean_of(f);
                 return beta * mean_of(f) + (1 - beta) * iw;
               });
}

}  // namespace nelbo::bounds
