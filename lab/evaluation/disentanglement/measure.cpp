// nelbo's own definitions.
#include <algorithm>
#include <cmath>
#include <memory>

#include "lab/evaluation/disentanglement/aggregates.hpp"
#include "lab/evaluation/disentanglement/aggregators.hpp"
#include "lab/evaluation/disentanglement/bootstrap.hpp"
#include "lab/evaluation/disentanglement/correlation.hpp"
#include "lab/evaluation/disentanglement/exact_information.hpp"
#include "lab/evaluation/disentanglement/information.hpp"
#include "lab/evaluation/disentanglement/learned_scores.hpp"
#include "lab/evaluation/disentanglement/matrix_scores.hpp"
#include "lab/evaluation/disentanglement/sampled_information.hpp"
#include "lab/evaluation/disentanglement/score_group.hpp"

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

ScoreGroup of_correlation(const Points& points, const Measurement& all, std::uint64_t seed) {
  ScoreGroup group;
  group.names = {{"sap", "squared correlation"}};
  for (const auto& name : aggregate_names("correlation", "squared correlation")) {
    group.names.push_back(name);
  }
  group.values = [&points, &all, seed](std::optional<std::size_t> replicate) {
    std::vector<std::uint32_t> weights;
    if (replicate) weights = resampled(points.count(), seed, *replicate);
    const Matrix squares = of_active(squared_correlation(points, weights), all.active, all.known);
    std::vector<double> values{gap(squares)};
    add(values, aggregates(squares));
    return values;
  };
  return group;
}

ScoreGroup of_samples(const SampledInformation& sampled, const Information& information,
                      const Measurement& all, std::uint64_t seed) {
  const std::string variant = "information of z ~ Q(Z|x) by the mixture of all points, " +
                              std::to_string(sampled.samples()) + " samples";
  ScoreGroup group;
  group.names = {{"mig.sampled", variant}};
  for (const auto& name : aggregate_names("sampled", variant)) group.names.push_back(name);
  group.values = [&sampled, &information, &all, seed](std::optional<std::size_t> replicate) {
    std::vector<std::uint32_t> weights;
    if (replicate) weights = resampled(sampled.samples(), seed, *replicate);
    const Matrix share =
        of_active(over_entropy(sampled.information(weights), information.plug_in().factor_entropy),
                  all.active, all.known);
    std::vector<double> values{gap(share)};
    add(values, aggregates(share));
    return values;
  };
  return group;
}

/// The same of the exact integral: of these very points there is no error.
void add_exact(const Points& points, const Information& information, Measurement& all) {
  const std::optional<Matrix> nats = exact_information(points);
  if (!nats) return;
  const Matrix share =
      of_active(over_entropy(*nats, information.plug_in().factor_entropy), all.active, all.known);
  const std::string variant = "information of z ~ Q(Z|x) by quadrature, exact for these points";
  const std::vector<double> values = aggregates(share);
  const auto names = aggregate_names("exact", variant);
  all.metrics.push_back({"mig.exact", variant, {gap(share), 0}});
  for (std::size_t i = 0; i < names.size(); ++i) {
    all.metrics.push_back({names[i].first, variant, {values[i], 0}});
  }
  all.matrices.push_back({"exact_information", share});
}

}  // namespace

Measurement measure_counted(const Points& points, const EvaluationOptions& options, bool errors) {
  Measurement all;
  const Information information(points, options.seed);
  all.active = information.active();
  all.known = information.known();
  all.matrices = {{"information", information.corrected().share},
                  {"squared_correlation", squared_correlation(points)}};
  measure(of_information(information, points.count(), options.seed), errors, all.metrics);
  measure(of_correlation(points, all, options.seed), errors, all.metrics);
  if (!points.log_variances.empty()) {
    const std::size_t samples = std::max<std::size_t>(1, samples_of(options) / (errors ? 1 : 10));
    const SampledInformation sampled(points, samples, options.seed);
    all.matrices.push_back(
        {"sampled_information",
         over_entropy(sampled.information(), information.plug_in().factor_entropy)});
    measure(of_samples(sampled, information, all, options.seed), errors, all.metrics);
    add_exact(points, information, all);
  }
  return all;
}

Measurement measure_all(const Points& points, const EvaluationOptions& options, bool errors,
                        Trees trees) {
  Measurement all = measure_counted(points, options, errors);
  add_learned_scores(points, options.seed, errors, all.metrics);
  add_matrix_scores(points, options.seed, errors, trees, all);
  return all;
}

}  // namespace nelbo::disentanglement
