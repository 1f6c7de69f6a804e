#include "objectives/estimators/enumeration.hpp"

#include <memory>

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/labels/labelled_posterior.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/estimators/estimators.hpp"

namespace nelbo::estimators {

namespace {

/// Of a draw's data, all codes [C, B, D].
Codes& counted(Draw& draw) {
  return draw.codes(Key::nelbo("all"), [&] {
    const Tensor all = all_codes(draw.model().codes(), draw.dtype());
    return broadcast_to(Tape::current().leaf(all), {all.shape()[0], draw.batch(), all.shape()[2]});
  });
}

/// The mean of a quantity over all labels, with samples of the real numbers beside each.
Var over_labels(Draw& draw, const LabelledPosterior& q, const PerCode& of) {
  const Key of_weights = Key::nelbo("weights of all labels");
  Codes& codes = draw.codes_of(Key::nelbo("all labels"), [&] {
    const LabelledPosterior::EveryLabel all = q.every_label(draw.noise());
    draw.once(of_weights, [&] { return all.weights; });
    return all.codes;
  });
  const Var weights =
      draw.once(of_weights, []() -> Var { throw Error("enumeration: no weights"); });
  return sum(weights * of(codes), 0);
}

class Enumeration final : public GradientRule {
 public:
  Enumeration()
      : GradientRule({"enumeration", "grad sum_z Q(z|x) f(z)",
                      "the exact ELBO: the sum over all codes", "Zheng eq. (13)"}) {}
  std::string undefined(const Bound& bound) const override {
    if (bound.is_elbo()) return "";
    return "it sums f(z) over codes, not over sets of samples: it is for the ELBO and mc(k)";
  }
  std::string unfit(const CodeSpace& codes) const override {
    if (codes.labels > 0) return "";
    if (!codes.discrete()) {
      return text() + " sums over all codes, and continuous ones cannot be counted";
    }
    const auto count = number_of_codes(codes);
    if (count && *count <= most_codes) return "";
    return text() + " sums over all codes, of which there are " +
           (count ? std::to_string(*count) : std::string("more than 2^63")) + "; at most " +
           std::to_string(most_codes) + " are possible";
  }
  bool exact(const CodeSpace& codes) const override { return codes.discrete(); }
  Var record(Draw& draw, const Bound&) const override {
    return expectation(draw, [](Codes& codes) {
      return codes.log_likelihood() + codes.log_prior() - codes.log_posterior();
    });
  }
  bool has_expectations() const override { return true; }
  Var expectation(Draw& draw, const PerCode& of) const override {
    if (const LabelledPosterior* const q = draw.posterior().labelled()) {
      return over_labels(draw, *q, of);
    }
    Codes& codes = counted(draw);
    const Var log_q = codes.log_posterior();
    return sum(exp(log_q) * of(codes), 0);
  }
};

}  // namespace

Estimator enumeration() { return Estimator(std::make_shared<const Enumeration>()); }

std::optional<std::int64_t> number_of_codes(const CodeSpace& space) {
  std::int64_t codes = 1;
  for (std::int64_t l = 0; l < space.variables; ++l) {
    if (__builtin_mul_overflow(codes, space.values(), &codes)) return std::nullopt;
  }
  return codes;
}

Tensor all_codes(const CodeSpace& space, DType dtype) {
  const std::optional<std::int64_t> codes = number_of_codes(space);
  const std::int64_t dimensions = space.dimensions();
  if (!space.discrete() || !codes || *codes > most_codes) {
    throw Error("enumeration: " + space.text() + " codes of " + std::to_string(dimensions) +
                " numbers cannot be counted, or are too many");
  }
  const std::int64_t width = space.width(), values = space.values();
  Tensor z({*codes, 1, dimensions}, dtype);
  for (std::int64_t i = 0; i < *codes; ++i) {
    std::int64_t rest = i;
    for (std::int64_t first = 0; first < dimensions; first += width, rest /= values) {
      const std::int64_t value = rest % values;
      width == 1 ? z.set({i, 0, first}, double(value)) : z.set({i, 0, first + value}, 1);
    }
  }
  return z;
}

}  // namespace nelbo::estimators
