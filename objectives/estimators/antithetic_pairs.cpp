#include "objectives/estimators/antithetic_pairs.hpp"

#include "autodiff/error.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/draw/estimate_bound.hpp"

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

}  // namespace

AntitheticPairs::AntitheticPairs(About about)
    : WeightedRule({.text = about.text,
                    .formula = about.formula,
                    .meaning = about.meaning,
                    .source = about.source,
                    .independent = false,
                    .undefined = unpaired},
                   weigh_pairs) {}

std::string AntitheticPairs::unfit(const CodeSpace& codes) const {
  if (!codes.discrete()) return for_discrete_codes(text(), codes, "reparam+antithetic");
  if (codes.kind == CodeSpace::Kind::binary) return "";
  return text() + " is for Bernoulli codes; of categorical ones use rloo or vimco";
}

std::vector<WeightedRule::Direct> AntitheticPairs::direct(const CodeBlock& codes,
                                                          const Bound& bound) const {
  const Var z = first_samples(codes.z(), bound), noise = first_samples(codes.noise(), bound);
  return {{contrast(codes.posterior(), z, noise), Direct::By::score},
          {first_samples(codes.log_posterior_at_fixed_z(), bound), Direct::By::decoder, -1}};
}

Var binary_logits(const std::string& rule, const Posterior& q) {
  if (const Bernoulli* const binary = q.binary()) return binary->logits;
  throw Error(rule + ": a " + q.family() + " posterior has no binary codes");
}

}  // namespace nelbo::estimators
