#include "lab/evaluation/disentanglement/learned_scores.hpp"

#include <cmath>

#include "autodiff/error.hpp"
#include "lab/evaluation/disentanglement/active_units.hpp"
#include "lab/evaluation/disentanglement/beta_vae.hpp"
#include "lab/evaluation/disentanglement/factor_vae.hpp"
#include "lab/evaluation/disentanglement/gaussian_dependence.hpp"
#include "lab/evaluation/disentanglement/irs.hpp"
#include "lab/evaluation/disentanglement/probe.hpp"

namespace nelbo::disentanglement {
namespace {

void add_dependence(const DependenceScores& scores, const std::string& end,
                    const std::string& whose, std::vector<Measured>& to) {
  to.push_back(
      {"gaussian_tc" + end, "nats, of " + whose + "; 0 is best", scores.total_correlation});
  to.push_back({"gaussian_wasserstein" + end, "squared, of " + whose, scores.wasserstein});
  to.push_back({"gaussian_wasserstein_relative" + end, "over the trace, of " + whose,
                scores.relative_wasserstein});
}

}  // namespace

void add_score(std::vector<Measured>& to, const std::string& name, const std::string& variant,
               const std::function<Score()>& score) {
  try {
    to.push_back({name, variant, score()});
  } catch (const Error& error) {
    to.push_back({name, error.what(), {std::nan(""), std::nan("")}});
  }
}

void add_probes(const Representation& of, Measurement& to) {
  const std::string held_out = "softmax probe, held-out points: ";
  try {
    const ProbeScores probes = probe_scores(of.points(), of.seed());
    to.metrics.push_back({"explicitness", held_out + "2 AUC - 1", probes.explicitness});
    to.metrics.push_back({"dci_informativeness", held_out + "accuracy, R2 of continuous factors",
                          probes.informativeness});
  } catch (const Error& error) {
    for (const char* name : {"explicitness", "dci_informativeness"}) {
      to.metrics.push_back({name, error.what(), {std::nan(""), std::nan("")}});
    }
  }
}

void add_factor_vae(const Representation& of, Measurement& to) {
  add_score(to.metrics, "factor_vae", "5,000 votes, of dimensions that are not dead",
            [&] { return factor_vae(of.points(), of.seed()).score; });
}

void add_beta_vae(const Representation& of, Measurement& to) {
  add_score(to.metrics, "beta_vae", "standardised differences; blind to a missing factor",
            [&] { return beta_vae(of.points(), of.seed()); });
}

void add_irs(const Representation& of, Measurement& to) {
  add_score(to.metrics, "irs",
            "deviations over their .99-quantile, codes weighted by what factors explain",
            [&] { return irs(of.points(), of.seed(), of.jackknife()); });
}

void add_dependence(const Representation& of, Measurement& to) {
  const Points& points = of.points();
  const CodeDependence found = code_dependence(points, of.seed(), of.jackknife());
  add_dependence(found.means, "", points.log_variances.empty() ? "codes" : "means", to.metrics);
  if (found.samples) {
    add_dependence(*found.samples, ".samples", "samples z ~ Q(Z|x)", to.metrics);
  }
  to.metrics.push_back({"active_units", "variance of means above .01", active_units(points).count});
}

}  // namespace nelbo::disentanglement
