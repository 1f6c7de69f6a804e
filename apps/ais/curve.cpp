#include "apps/ais/curve.hpp"

#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "apps/ais/show.hpp"
#include "apps/reports/mean_text.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/threads.hpp"
#include "lab/data/data_entropy.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {
namespace {

using Json = nlohmann::ordered_json;

/// H_data of the run's examples, nats, where it is known and compares with the distortion.
std::optional<double> entropy_of(const AnnealedRun& run, const AisOptions& options) {
  if (options.distortion != "nell") return std::nullopt;
  return data_entropy(run.applied.examples, *run.applied.run.model);
}

}  // namespace

Json curve_json(const AnnealedRun& run, const AisOptions& options) {
  Json points = Json::array();
  for (const annealing::RatePoint& point : rate_distortion(*run.curve, run.plan, run.points)) {
    points.push_back({{"beta", point.beta},
                      {"rate", point.rate.mean},
                      {"rate_se", point.rate.standard_error},
                      {"distortion", point.distortion.mean},
                      {"distortion_se", point.distortion.standard_error}});
  }
  const std::optional<double> entropy = entropy_of(run, options);
  return {{"run", run.applied.run.name},
          {"data", run.applied.run.config.data},
          {"split", run.applied.examples.split().name},
          {"examples", run.count},
          {"distortion", options.distortion},
          {"temperatures", options.temperatures},
          {"chains", options.chains},
          {"h_data", entropy ? Json(*entropy) : Json(nullptr)},
          {"curve", points},
          {"acceptance", run.curve->acceptance("acceptance")},
          {"seconds", run.seconds},
          {"seed", run.applied.seed},
          {"isa", active_isa()},
          {"threads", num_threads()}};
}

void print_curve(const AnnealedRun& run, const AisOptions& options) {
  std::cout << data::one_line(fmt::format(
                   "{} on {} ({}, {} of {} examples): the decoder's own rate-distortion curve",
                   run.applied.run.name, run.applied.run.config.data,
                   run.applied.examples.split().name, run.count, run.applied.examples.count()))
            << fmt::format("\nfrom the prior, {}, {}\n\n",
                           counted(std::uint64_t(options.temperatures), "temperature"),
                           counted(std::uint64_t(options.chains), "chain"))
            << fmt::format("{:>10} {:>12}    {:<8} {:>12}    {}\n", "beta", "rate", "+-",
                           "distortion", "+-");
  for (const annealing::RatePoint& point : rate_distortion(*run.curve, run.plan, run.points)) {
    std::cout << fmt::format("{:>10} {} {:>12} +- {}\n", fixed_text(point.beta, 5),
                             mean_column(point.rate, 12), fixed_text(point.distortion.mean, 4),
                             fixed_text(point.distortion.standard_error, 4));
  }
  std::cout << (options.distortion == "nell"
                    ? "\nrate: nats per datum, an upper bound; distortion: -log P(x|z), nats per "
                      "datum\n"
                    : "\nrate: nats per datum, an upper bound; distortion: |x - E[X|z]|^2\n");
  if (const auto entropy = entropy_of(run, options)) {
    std::cout << fmt::format(
        "H_data {:.4f}: no encoder and decoder reach rate + distortion below "
        "it on these data\n",
        *entropy);
  }
  std::cout << fmt::format("{:.1f} s\n", run.seconds);
  warn_of(run.curve->acceptance("acceptance"), "rate-distortion");
}

}  // namespace nelbo
