#include "objectives/estimators/enumeration.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "objectives/estimators/estimators.hpp"

namespace nelbo::estimators {

Estimator enumeration() {
  return Estimator({.text = "enumeration",
                    .formula = "grad sum_z Q(z|x) f(z)",
                    .meaning = "the exact ELBO: the sum over all codes",
                    .source = "Zheng eq. (13)",
                    .codes = Estimator::Codes::all,
                    .independent = false,
                    .undefined = [](const Bound& bound) -> std::string {
                      if (bound.is_elbo()) return "";
                      return "it sums f(z) over codes, not over sets of samples: it is for the "
                             "ELBO and mc(k)";
                    }},
                   [](const Estimator::Datum&, Estimator::Weights&) {});
}

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

Var exact_elbo(const Posterior& q, const Tensor& codes, std::int64_t batch,
               const LogJoint& log_joint) {
  const Shape all{codes.shape()[0], batch, codes.shape()[2]};
  const Var z = broadcast_to(Tape::current().leaf(codes), all);
  const Var log_q = q.log_prob(z);
  return sum(exp(log_q) * (log_joint(z) - log_q), 0);
}

}  // namespace nelbo::estimators
