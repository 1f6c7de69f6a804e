#include "objectives/bounds/arguments.hpp"
#include "objectives/bounds/bounds.hpp"

namespace nelbo::bounds {

Bound elbo() {
  return Bound({.text = "elbo",
                .formula = "\\log R_1",
                .equation = "Zheng eq. (13)",
                .meaning = "log-weight of one sample",
                .samples = 1,
                .side = Bound::Side::lower,
                .bias = Bound::Bias::under,
                .linear = true},
               [](auto f, auto a, auto h) {
                 a[0] = 1;
                 h[0] = 0;
                 return f[0];
               });
}

namespace {

Bound average(const std::string& text, std::int64_t k, const Bound& inner) {
  Bound::Properties properties = inner.properties();
  properties.text = text;
  properties.formula = "\\tfrac{1}{" + std::to_string(k) + "} \\sum_{i=1}^{" + std::to_string(k) +
                       "} \\Bigl[" + inner.formula() + "\\Bigr]_i";
  properties.equation = "Zheng eqs (39)-(40)";
  properties.meaning = "mean over " + std::to_string(k) + " groups: " + inner.meaning();
  properties.samples *= k;
  properties.importance_weighted = false;
  properties.family.clear();
  const auto mean = [k, inner](auto f, auto a, auto h) {
    const std::size_t m = std::size_t(inner.samples());
    double sum = 0;
    for (std::size_t first = 0; first < f.size(); first += m) {
      sum += inner.function()(f.subspan(first, m), a.subspan(first, m), h.subspan(first, m));
    }
    for (std::size_t s = 0; s < f.size(); ++s) {
      a[s] /= double(k);
      h[s] /= double(k);
    }
    return sum / double(k);
  };
  return Bound(std::move(properties), mean, k, inner);
}

}  // namespace

Bound mc(std::int64_t k, const Bound& inner) {
  Arguments written("mc");
  written.samples("k", k).at_most(k, inner.samples());
  // As the language reads it: mc(k), mc(k, m), mc(k, BOUND).
  const bool several = inner.importance_weighted() && inner.groups() == 1 && inner.samples() > 1;
  if (several) {
    written.samples("m", inner.samples());
  } else if (inner.text() != elbo().text()) {
    written.bound(inner.text());
  }
  return average(written.text(), k, inner);
}

Bound miwae(std::int64_t k, std::int64_t m) {
  const std::string text = Arguments("miwae").samples("k", k).samples("m", m).at_most(k, m).text();
  return average(text, k, iw(m));
}

}  // namespace nelbo::bounds
