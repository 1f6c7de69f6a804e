#include "lab/evaluation/disentanglement/evaluation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "autodiff/error.hpp"
#include "lab/evaluation/disentanglement/make_points.hpp"
#include "lab/evaluation/disentanglement/score_group.hpp"

namespace nelbo::disentanglement {
namespace {

constexpr std::size_t rare = 30;

void check(const Points& points, const EvaluationOptions& options) {
  if (points.count() < 2) throw Error(fmt::format("{} points; metrics need 2", points.count()));
  if (points.factors.empty()) throw Error("points without factors");
  if (options.like == Dialect::chen && points.log_variances.empty()) {
    throw Error("Chen's MIG needs the log-variances of Q(Z|x)");
  }
}

/// Chen et al. leave the shape out, as it has no order.
Points without_shape(Points points) {
  if (points.factors.size() > 1) {
    std::erase_if(points.factors, [](const Factor& factor) { return factor.name == "shape"; });
  }
  return points;
}

/// The names that every report has come first, in the order of the literature's tables; then variants.
std::size_t place_of(const std::string& name) {
  constexpr std::array names{
      "mig", "mig_sup",    "dci_disentanglement", "dci_completeness", "dci_informativeness",
      "sap", "modularity", "explicitness",        "factor_vae",       "beta_vae",
      "irs", "jemmig",     "gaussian_tc",         "active_units"};
  return std::size_t(std::find(names.begin(), names.end(), name) - names.begin());
}

Measurement measure_by(const Points& points, const EvaluationOptions& options, bool errors) {
  switch (options.like) {
    case Dialect::disentanglement_lib:
      return measure_like_disentanglement_lib(points, options, errors);
    case Dialect::chen:
      return measure_like_chen(points, options, errors);
    case Dialect::nelbo:
      break;
  }
  return measure_all(points, options, errors);
}

}  // namespace

Evaluation evaluate(const Points& given, const EvaluationOptions& options) {
  check(given, options);
  const Points points = options.like == Dialect::chen ? without_shape(given) : given;
  Measurement of = measure_by(points, options, true);
  const Measurement best = measure_by(perfect_code(points), options, false);
  const Measurement least = measure_by(noise_code(points, options.seed), options, false);
  Evaluation all{.count = points.count(),
                 .factors = {},
                 .active = std::move(of.active),
                 .metrics = {},
                 .matrices = std::move(of.matrices)};
  for (const Factor& factor : points.factors) all.factors.push_back(factor.name);
  const auto value = [](const Measurement& in, const std::string& name) {
    for (const Measured& one : in.metrics) {
      if (one.name == name) return one.score.value;
    }
    return std::nan("");
  };
  std::stable_sort(of.metrics.begin(), of.metrics.end(), [](const Measured& a, const Measured& b) {
    return place_of(a.name) < place_of(b.name);
  });
  for (Measured& one : of.metrics) {
    const double ceiling = value(best, one.name), floor = value(least, one.name);
    all.metrics.push_back({.name = std::move(one.name),
                           .score = one.score,
                           .ceiling = ceiling,
                           .floor = floor,
                           .variant = std::move(one.variant)});
  }
  return all;
}

std::vector<std::string> rare_values(const Points& points) {
  std::vector<std::string> all;
  for (const Factor& factor : points.factors) {
    std::vector<std::size_t> counts(std::size_t(factor.size), 0);
    for (const std::int32_t value : factor.classes) ++counts[std::size_t(value)];
    std::erase(counts, 0u);
    const auto few =
        std::count_if(counts.begin(), counts.end(), [](std::size_t count) { return count < rare; });
    if (few == 0) continue;
    all.push_back(fmt::format("{}: {} of {} values have fewer than {} points, the rarest {}",
                              factor.name, few, counts.size(), rare,
                              *std::min_element(counts.begin(), counts.end())));
  }
  return all;
}

}  // namespace nelbo::disentanglement
