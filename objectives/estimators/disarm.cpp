#include "objectives/estimators/disarm.hpp"

#include <memory>

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/draw/estimate_bound.hpp"
#include "objectives/estimators/estimators.hpp"

namespace nelbo::estimators {
namespace {

std::string unpaired(const Bound& bound) {
  if (!bound.is_elbo()) {
    return "it compares f of two samples and is for the ELBO: a mean of log-weights, mc(k)";
  }
  return bound.samples() % 2 == 0 ? "" : "samples come in pairs; use mc(k) with an even k";
}

void weigh_pairs(const WeightedRule::Datum& datum, WeightedRule::Weights& weights) {
  const std::size_t samples = datum.f.size();
  for (std::size_t s = 0; s < samples; ++s) {
    weights.score[s] = (datum.f[s] - datum.f[s ^ 1]) / (2 * double(samples));
  }
}

// With u uniform, b = 1[u < p], b' = 1[1 - u < p] and p = sigmoid(l), a dimension differs between b
// and b' with probability 2 min(p, 1 - p), and
//   1/2 (f(b) - f(b')) (b_d - b'_d) sigmoid(|l_d|)
// has mean p (1 - p) (f(1) - f(0)) in one dimension: the derivative of E f in l. Twice the share of
// each sample of a pair, whose signs change together.
class Disarm final : public WeightedRule {
 public:
  Disarm()
      : WeightedRule(
            {.text = "disarm",
             .formula = "score (f_s - f_s')/(2 k) of (z_s - z_s') sigmoid(|l|) dl, and -a_s",
             .meaning = "antithetic pairs of Bernoulli samples, marginalised over their "
                        "signs",
             .source = "Dong et al. (2020); Yin et al. (2020)",
             .independent = false,
             .undefined = unpaired},
            weigh_pairs) {}
  Coupling coupling() const override { return Coupling::antithetic; }
  std::string unfit(const CodeSpace& codes) const override {
    if (!codes.discrete()) return for_discrete_codes(text(), "reparam+antithetic");
    if (codes.kind == CodeSpace::Kind::binary) return "";
    return text() + " is for Bernoulli codes; of categorical ones use rloo or vimco";
  }
  std::vector<Direct> direct(Draw& draw, const Bound& bound) const override {
    const Var z = first_samples(draw.codes().z(), bound);
    return {
        {flips(draw.posterior(), z), Direct::By::score},
        {first_samples(draw.codes().log_posterior_at_fixed_z(), bound), Direct::By::decoder, -1}};
  }
  /// The samples of a pair are not independent of each other.
  bool has_expectations() const override { return false; }
};

}  // namespace

Estimator disarm() { return Estimator(std::make_shared<const Disarm>()); }

Var flips(const Posterior& q, Var z) {
  if (q.binary() == nullptr) {
    throw Error("disarm: a " + q.family() + " posterior has no binary codes");
  }
  const Var logits = q.binary()->logits;
  const Shape shape = z.shape();
  if (shape.rank() != 3 || shape[0] % 2 != 0) {
    throw Error("disarm: codes " + shape.text() + " are no pairs [2 P, B, D]");
  }
  const Var pairs = reshape(stop(z), {shape[0] / 2, 2, shape[1], shape[2]});
  const Var difference = slice(pairs, 1, 0, 1) - slice(pairs, 1, 1, 2);
  const Var signs = reshape(concatenate({difference, -difference}, 1), shape);
  return sum(stop(signs * sigmoid(abs(logits))) * logits, -1);
}

}  // namespace nelbo::estimators
