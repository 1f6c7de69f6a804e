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

void add_probes(const Points& points, std::uint64_t seed, std::vector<Measured>& to) {
  const std::string held_out = "softmax probe, held-out points: ";
  try {
    const ProbeScores probes = probe_scores(points, seed);
    to.push_back({"explicitness", held_out + "2 AUC - 1", probes.explicitness});
    to.push_back({"dci_informativeness", held_out + "accuracy, R2 of continuous factors",
                  probes.informativeness});
  } catch (const Error& error) {
    for (const char* name : {"explicitness", "dci_informativeness"}) {
      to.push_back({name, error.what(), {std::nan(""), std::nan("")}});
    }
  }
}

void add_dependence(const Points& points, std::uint64_t seed, Jackknife jackknife,
                    std::vector<Measured>& to) {
  const CodeDependence of = code_dependence(points, seed, jackknife);
  const auto add = [&](const DependenceScores& scores, const std::string& end,
                       const std::string& whose) {
    to.push_back(
        {"gaussian_tc" + end, "nats, of " + whose + "; 0 is best", scores.total_correlation});
    to.push_back({"gaussian_wasserstein" + end, "squared, of " + whose, scores.wasserstein});
    to.push_back({"gaussian_wasserstein_relative" + end, "over the trace, of " + whose,
                  scores.relative_wasserstein});
  };
  add(of.means, "", points.log_variances.empty() ? "codes" : "means");
  if (of.samples) add(*of.samples, ".samples", "samples z ~ Q(Z|x)");
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

void add_learned_scores(const Points& points, std::uint64_t seed, bool errors,
                        std::vector<Measured>& to) {
  const Jackknife jackknife{.groups = errors ? Jackknife{}.groups : 0};
  add_probes(points, seed, to);
  add_score(to, "factor_vae", "5,000 votes, of dimensions that are not dead",
            [&] { return factor_vae(points, seed).score; });
  add_score(to, "beta_vae", "standardised differences; blind to a missing factor",
            [&] { return beta_vae(points, seed); });
  add_score(to, "irs", "deviations over their .99-quantile, codes weighted by what factors explain",
            [&] { return irs(points, seed, jackknife); });
  add_dependence(points, seed, jackknife, to);
  to.push_back({"active_units", "variance of means above .01", active_units(points).count});
}

}  // namespace nelbo::disentanglement
