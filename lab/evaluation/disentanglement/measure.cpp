// nelbo's own definitions.
#include <algorithm>
#include <array>
#include <cmath>

#include "lab/evaluation/disentanglement/aggregates.hpp"
#include "lab/evaluation/disentanglement/aggregators.hpp"
#include "lab/evaluation/disentanglement/bootstrap.hpp"
#include "lab/evaluation/disentanglement/correlation.hpp"
#include "lab/evaluation/disentanglement/exact_information.hpp"
#include "lab/evaluation/disentanglement/information.hpp"
#include "lab/evaluation/disentanglement/learned_scores.hpp"
#include "lab/evaluation/disentanglement/matrix_scores.hpp"
#include "lab/evaluation/disentanglement/representation.hpp"
#include "lab/evaluation/disentanglement/sampled_information.hpp"
#include "lab/evaluation/disentanglement/score_group.hpp"
#include "lab/evaluation/disentanglement/sections.hpp"

namespace nelbo::disentanglement {
namespace {

Matrix over_entropy(Matrix nats, const std::vector<double>& factor_entropy) {
  for (std::size_t d = 0; d < nats.rows(); ++d) {
    for (std::size_t k = 0; k < nats.columns(); ++k) {
      nats(d, k) = factor_entropy[k] > 0 ? nats(d, k) / factor_entropy[k] : 0;
    }
  }
  return nats;
}

void add(std::vector<double>& to, const std::vector<double>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

/// "bias-corrected information / H(v), exact values", or bins.
std::string counted_as(const CountedPoints& points) {
  const bool exact = std::all_of(points.codes.begin(), points.codes.end(),
                                 [](const Classes& code) { return code.exact; });
  return "bias-corrected information, " +
         (exact ? "exact values" : std::to_string(points.bins) + " bins of equal mass");
}

ScoreGroup of_information(const Information& information, std::size_t count, std::uint64_t seed) {
  const std::string variant = counted_as(information.counted());
  ScoreGroup group;
  group.names = {{"mig", variant}};
  for (const auto& name : aggregate_names("", variant)) group.names.push_back(name);
  group.names.push_back({"dcimig", variant});
  group.names.push_back({"jemmig", variant + ", normalised: 1 is best"});
  std::vector<std::size_t> bins;
  for (const Classes& code : information.counted().codes) bins.push_back(code.count);
  group.values = [&information, bins, count, seed](std::optional<std::size_t> replicate) {
    const Information::Corrected of =
        replicate ? information.corrected(resampled(count, seed, *replicate))
                  : information.corrected();
    std::vector<double> all{gap(of.share)};
    add(all, aggregates(of.share));
    all.push_back(dcimig(of.nats, of.factor_entropy));
    all.push_back(jemmig(of.nats, of.factor_entropy, of.code_entropy, bins));
    return all;
  };
  return group;
}

void add_information(const Representation& of, Measurement& to) {
  const Information& information = of.information();
  to.active = information.active();
  to.known = information.known();
  to.matrices.push_back({"information", information.corrected().share});
  measure(of_information(information, of.points().count(), of.seed()), of.errors(), to.metrics);
}

ScoreGroup of_correlation(const Points& points, const Information& information,
                          std::uint64_t seed) {
  ScoreGroup group;
  group.names = {{"sap", "squared correlation"}};
  for (const auto& name : aggregate_names("correlation", "squared correlation")) {
    group.names.push_back(name);
  }
  group.values = [&points, active = information.active(), known = information.known(),
                  seed](std::optional<std::size_t> replicate) {
    std::vector<std::uint32_t> weights;
    if (replicate) weights = resampled(points.count(), seed, *replicate);
    const Matrix squares = of_active(squared_correlation(points, weights), active, known);
    std::vector<double> values{gap(squares)};
    add(values, aggregates(squares));
    return values;
  };
  return group;
}

void add_correlation(const Representation& of, Measurement& to) {
  to.matrices.push_back({"squared_correlation", squared_correlation(of.points())});
  measure(of_correlation(of.points(), of.information(), of.seed()), of.errors(), to.metrics);
}

ScoreGroup of_samples(const SampledInformation& sampled, const Information& information,
                      std::uint64_t seed) {
  const std::string variant = "information of z ~ Q(Z|x) by the mixture of all points, " +
                              std::to_string(sampled.samples()) + " samples";
  ScoreGroup group;
  group.names = {{"mig.sampled", variant}};
  for (const auto& name : aggregate_names("sampled", variant)) group.names.push_back(name);
  group.values = [&sampled, &information, active = information.active(),
                  known = information.known(), seed](std::optional<std::size_t> replicate) {
    std::vector<std::uint32_t> weights;
    if (replicate) weights = resampled(sampled.samples(), seed, *replicate);
    const Matrix share =
        of_active(over_entropy(sampled.information(weights), information.plug_in().factor_entropy),
                  active, known);
    std::vector<double> values{gap(share)};
    add(values, aggregates(share));
    return values;
  };
  return group;
}

void add_samples(const Representation& of, Measurement& to) {
  if (of.points().log_variances.empty()) return;
  const std::size_t samples =
      std::max<std::size_t>(1, samples_of(of.options()) / (of.errors() ? 1 : 10));
  const SampledInformation sampled(of.points(), samples, of.seed());
  const Information& information = of.information();
  to.matrices.push_back(
      {"sampled_information",
       over_entropy(sampled.information(), information.plug_in().factor_entropy)});
  measure(of_samples(sampled, information, of.seed()), of.errors(), to.metrics);
}

/// The same of the exact integral: of these very points there is no error.
void add_exact(const Representation& of, Measurement& to) {
  if (of.points().log_variances.empty()) return;
  const std::optional<Matrix> nats = exact_information(of.points());
  if (!nats) return;
  const Information& information = of.information();
  const Matrix share = of_active(over_entropy(*nats, information.plug_in().factor_entropy),
                                 information.active(), information.known());
  const std::string variant = "information of z ~ Q(Z|x) by quadrature, exact for these points";
  const std::vector<double> values = aggregates(share);
  const auto names = aggregate_names("exact", variant);
  to.metrics.push_back({"mig.exact", variant, {gap(share), 0}});
  for (std::size_t i = 0; i < names.size(); ++i) {
    to.metrics.push_back({names[i].first, variant, {values[i], 0}});
  }
  to.matrices.push_back({"exact_information", share});
}

}  // namespace

std::span<const Section> own_sections() {
  static constexpr std::array<Section, 11> sections{
      add_information, add_correlation, add_samples,    add_exact, add_probes,   add_factor_vae,
      add_beta_vae,    add_irs,         add_dependence, add_lasso, add_threshold};
  return sections;
}

}  // namespace nelbo::disentanglement
