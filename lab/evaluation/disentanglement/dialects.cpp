// The definitions of others, defects included.
#include <cmath>
#include <iterator>
#include <memory>

#include "lab/evaluation/disentanglement/aggregators.hpp"
#include "lab/evaluation/disentanglement/bootstrap.hpp"
#include "lab/evaluation/disentanglement/disentanglement_lib.hpp"
#include "lab/evaluation/disentanglement/information.hpp"
#include "lab/evaluation/disentanglement/make_points.hpp"
#include "lab/evaluation/disentanglement/sampled_information.hpp"
#include "lab/evaluation/disentanglement/score_group.hpp"

namespace nelbo::disentanglement {
namespace {

constexpr std::size_t bins = 20;

/// Plug-in information over H(v_k), neither corrected nor without dead codes.
Matrix shares(const PlugIn& of) {
  Matrix all(of.information.rows(), of.information.columns());
  for (std::size_t d = 0; d < all.rows(); ++d) {
    for (std::size_t k = 0; k < all.columns(); ++k) {
      const double entropy = of.factor_entropy[k];
      all(d, k) = entropy > 0 ? of.information(d, k) / entropy : 0;
    }
  }
  return all;
}

ScoreGroup of_equal_widths(const CountedPoints& counted, std::uint64_t seed) {
  const std::string plug_in = "plug-in information, 20 bins of equal width";
  ScoreGroup group;
  group.names = {{"mig", plug_in + "; cannot tell more than 20 values apart"},
                 {"mig_sup", plug_in + "; not in the library"},
                 {"modularity", plug_in + " with its bias, dead codes counted as 0"},
                 {"jemmig", plug_in + "; not in the library"}};
  group.values = [&counted, seed](std::optional<std::size_t> replicate) {
    std::vector<std::uint32_t> weights;
    if (replicate) weights = resampled(counted.count, seed, *replicate);
    const PlugIn of = plug_in_information(counted, weights);
    const Matrix share = shares(of);
    std::vector<std::size_t> counts;
    for (const Classes& code : counted.codes) counts.push_back(code.count);
    return std::vector<double>{gap(share), sup_gap(share), modularity_of_all_codes(of.information),
                               jemmig(of.information, of.factor_entropy, of.code_entropy, counts)};
  };
  return group;
}

/// Over ln m_k, whatever the frequencies of the values.
Matrix over_log_values(Matrix nats, const Points& points) {
  for (std::size_t k = 0; k < nats.columns(); ++k) {
    const double most = std::log(double(points.factors[k].size));
    for (std::size_t d = 0; d < nats.rows(); ++d) nats(d, k) = most > 0 ? nats(d, k) / most : 0;
  }
  return nats;
}

}  // namespace

Measurement counted_like_disentanglement_lib(const Points& points, const EvaluationOptions& options,
                                             bool errors) {
  const Points some = some_points(points, samples_of(options), options.seed);
  const CountedPoints counted = counted_in_equal_widths(some, bins);
  Measurement all;
  all.active = Information(some, options.seed).active();
  all.matrices = {{"information", shares(plug_in_information(counted))}};
  measure(of_equal_widths(counted, options.seed), errors, all.metrics);
  return all;
}

Measurement measure_like_disentanglement_lib(const Points& points, const EvaluationOptions& options,
                                             bool errors, Trees trees) {
  Measurement all = counted_like_disentanglement_lib(points, options, errors);
  Measurement learned = learned_like_disentanglement_lib(points, options.seed, errors, trees);
  std::move(learned.metrics.begin(), learned.metrics.end(), std::back_inserter(all.metrics));
  std::move(learned.matrices.begin(), learned.matrices.end(), std::back_inserter(all.matrices));
  return all;
}

Measurement measure_like_chen(const Points& points, const EvaluationOptions& options, bool errors) {
  const std::size_t samples = std::max<std::size_t>(1, samples_of(options) / (errors ? 1 : 10));
  const ChenInformation sampled(points, samples, options.seed);
  Measurement all;
  all.active = Information(points, options.seed).active();
  all.matrices = {{"sampled_information", over_log_values(sampled.information(), points)}};
  ScoreGroup group;
  group.names = {{"mig", "information of z ~ Q(Z|x) by the mixture of all points, an entropy of " +
                             std::to_string(samples) +
                             " samples for every value, over ln m; shape left out"}};
  group.values = [&](std::optional<std::size_t> replicate) {
    const Matrix nats =
        replicate ? sampled.information(options.seed, *replicate) : sampled.information();
    return std::vector<double>{gap(over_log_values(nats, points))};
  };
  measure(group, errors, all.metrics);
  return all;
}

}  // namespace nelbo::disentanglement
