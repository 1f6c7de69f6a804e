#include "objectives/terms/bound_terms.hpp"

#include "objectives/algebra/latex.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/draw/estimate_bound.hpp"

namespace nelbo {
namespace {

/// "\mathrm{iw}_{m=5}" for "iw(m=5)".
std::string latex(const std::string& text) {
  const std::size_t open = text.find('(');
  const std::string name = upright(text.substr(0, open));
  return open == std::string::npos
             ? name
             : name + "_{" + text.substr(open + 1, text.size() - open - 2) + "}";
}

Term make(const Bound& bound, const std::string& name, const std::string& meaning) {
  const bool upper = bound.side() == Bound::Side::upper;
  Quantity quantity{.name = name,
                    .latex = latex(name),
                    .formula = bound.formula(),
                    .equation = bound.equation(),
                    .meaning = meaning,
                    .bias = bound.bias() == Bound::Bias::under ? Bias::under : Bias::undetermined,
                    .samples = bound.samples(),
                    .bound = bound,
                    .moves = {"theta", "phi", "psi"}};
  if (upper) quantity.only = {"phi"};
  return Term(quantity, upper ? Direction::cost : Direction::gain,
              [bound](Draw& d) { return estimate(d, bound); });
}

}  // namespace

Term bound_term(const Bound& bound) { return make(bound, bound.text(), bound.meaning()); }

Term mc_term(std::int64_t k, std::int64_t m) {
  return bound_term(bounds::mc(k, m == 1 ? bounds::elbo() : bounds::iw(m)));
}

Term log_px(std::int64_t m) {
  return make(bounds::iw(m), "log_px(m=" + std::to_string(m) + ")",
              "log marginal likelihood by importance sampling");
}

}  // namespace nelbo
