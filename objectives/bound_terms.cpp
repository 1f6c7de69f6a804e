#include "objectives/bound_terms.hpp"

#include "autodiff/ops.hpp"
#include "objectives/bounds/bound_op.hpp"
#include "objectives/bounds/bounds.hpp"

namespace nelbo {
namespace {

std::string latex(const std::string& text) {
  const std::size_t open = text.find('(');
  const std::string name = "\\mathrm{" + text.substr(0, open) + "}";
  return open == std::string::npos
             ? name
             : name + "_{" + text.substr(open + 1, text.size() - open - 2) + "}";
}

Term make(const Bound& bound, const std::string& name, const std::string& meaning) {
  const bool upper = bound.side() == Bound::Side::upper;
  Quantity quantity{.name = name,
                    .latex = latex(name),
                    .equation = bound.equation(),
                    .meaning = meaning,
                    .bias = bound.bias() == Bound::Bias::under ? Bias::under : Bias::undetermined,
                    .samples = bound.samples(),
                    .moves = {"theta", "phi", "psi"}};
  if (upper) quantity.only = {"phi"};
  return Term(quantity, upper ? Direction::cost : Direction::gain, [bound](Draw& d) {
    const Var f = d.log_weights();
    if (d.samples() < bound.samples()) {
      throw Error(bound.text() + " needs " + std::to_string(bound.samples()) +
                  " samples per datum, the draw has " + std::to_string(d.samples()));
    }
    return bound_value(bound, d.samples() == bound.samples() ? f : slice(f, 0, 0, bound.samples()));
  });
}

}  // namespace

Term bound_term(const Bound& bound) { return make(bound, bound.text(), bound.meaning()); }

Term log_px(std::int64_t m) {
  return make(bounds::iw(m), "log_px(m=" + std::to_string(m) + ")",
              "log marginal likelihood by importance sampling");
}

}  // namespace nelbo
