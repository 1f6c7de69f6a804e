// The definitions of others, defects included.
#include <algorithm>
#include <array>
#include <cmath>

#include "lab/evaluation/disentanglement/aggregators.hpp"
#include "lab/evaluation/disentanglement/bootstrap.hpp"
#include "lab/evaluation/disentanglement/disentanglement_lib.hpp"
#include "lab/evaluation/disentanglement/information.hpp"
#include "lab/evaluation/disentanglement/make_points.hpp"
#include "lab/evaluation/disentanglement/representation.hpp"
#include "lab/evaluation/disentanglement/sampled_information.hpp"
#include "lab/evaluation/disentanglement/score_group.hpp"
#include "lab/evaluation/disentanglement/sections.hpp"

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

void add_equal_widths(const Representation& of, Measurement& to) {
  const Points some = some_points(of.points(), samples_of(of.options()), of.seed());
  const CountedPoints counted = counted_in_equal_widths(some, bins);
  to.active = Information(some, of.seed()).active();
  to.matrices.push_back({"information", shares(plug_in_information(counted))});
  measure(of_equal_widths(counted, of.seed()), of.errors(), to.metrics);
}

void add_entropies(const Representation& of, Measurement& to) {
  const Points& points = of.points();
  const std::size_t samples =
      std::max<std::size_t>(1, samples_of(of.options()) / (of.errors() ? 1 : 10));
  const ChenInformation sampled(points, samples, of.seed());
  to.active = of.information().active();
  to.matrices.push_back({"sampled_information", over_log_values(sampled.information(), points)});
  ScoreGroup group;
  group.names = {{"mig", "information of z ~ Q(Z|x) by the mixture of all points, an entropy of " +
                             std::to_string(samples) +
                             " samples for every value, over ln m; shape left out"}};
  group.values = [&](std::optional<std::size_t> replicate) {
    const Matrix nats =
        replicate ? sampled.information(of.seed(), *replicate) : sampled.information();
    return std::vector<double>{gap(over_log_values(nats, points))};
  };
  measure(group, of.errors(), to.metrics);
}

}  // namespace

std::span<const Section> sections_of(Dialect like) {
  static constexpr std::array<Section, 5> of_library{
      add_equal_widths, add_votes_of_library, add_svm_of_library, add_explicitness_of_library,
      add_moments_of_library};
  static constexpr std::array<Section, 1> of_chen{add_entropies};
  switch (like) {
    case Dialect::disentanglement_lib:
      return of_library;
    case Dialect::chen:
      return of_chen;
    case Dialect::nelbo:
      break;
  }
  return own_sections();
}

Measurement measure(std::span<const Section> sections, const Representation& of) {
  Measurement all;
  for (const Section add : sections) add(of, all);
  return all;
}

}  // namespace nelbo::disentanglement
