#include "apps/ais/show.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "apps/cli/print_json.hpp"
#include "apps/reports/mean_text.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/setting_error.hpp"
#include "autodiff/threads.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {
namespace {

using Json = nlohmann::ordered_json;
using annealing::Acceptance;
using annealing::Readings;

constexpr double low_acceptance = 0.4, high_acceptance = 0.95;

/// The standard error of the mean of `estimate`, which the chains' own errors come to.
double chains_error(const Readings& readings, const char* column) {
  double squares = 0;
  for (const double error : readings.column(column)) squares += error * error;
  return std::sqrt(squares) / double(readings.count());
}

MeanAndError gap_of(const Readings& bdmc) {
  const std::vector<double> lower = bdmc.column("lower"), upper = bdmc.column("upper");
  RunningMean gap;
  for (std::size_t n = 0; n < lower.size(); ++n) gap.add(upper[n] - lower[n]);
  return gap.result();
}

Json bdmc_json(const Readings& bdmc) {
  const MeanAndError gap = gap_of(bdmc);
  return {{"lower", bdmc.mean("lower").mean},
          {"upper", bdmc.mean("upper").mean},
          {"gap", gap.mean},
          {"gap_se", gap.standard_error},
          {"acceptance", bdmc.acceptance("acceptance")},
          {"reverse_acceptance", bdmc.acceptance("reverse_acceptance")}};
}

std::string acceptance_text(const Acceptance& acceptance) {
  std::string text;
  for (const double part : acceptance) text += fmt::format(" {}", fixed_text(part, 2));
  return text;
}

/// Of one run less another, example by example.
struct AisDifference {
  std::string run, from;
  MeanAndError value;
};

/// Every later run less the first.
std::vector<AisDifference> differences_of(const std::vector<AnnealedRun>& runs) {
  std::vector<AisDifference> differences;
  const std::vector<double> first = runs.front().log_px->column("log_px");
  for (std::size_t r = 1; r < runs.size(); ++r) {
    const std::vector<double> other = runs[r].log_px->column("log_px");
    RunningMean mean;
    for (std::size_t n = 0; n < first.size(); ++n) mean.add(other[n] - first[n]);
    differences.push_back({runs[r].applied.run.name, runs.front().applied.run.name, mean.result()});
  }
  return differences;
}

Json json_of(const AnnealedRun& run, const AisOptions& options) {
  const Readings& readings = *run.log_px;
  const MeanAndError log_px = readings.mean("log_px");
  return {{"run", run.applied.run.name},
          {"data", run.applied.run.config.data},
          {"split", run.applied.examples.split().name},
          {"examples", run.count},
          {"from", options.from},
          {"temperatures", options.temperatures},
          {"chains", options.chains},
          {"log_px",
           {{"value", log_px.mean},
            {"se", log_px.standard_error},
            {"se_chains", chains_error(readings, "se")},
            {"lower_bound", true}}},
          {"acceptance", readings.acceptance("acceptance")},
          {"ess", readings.mean("ess").mean},
          {"bdmc", run.bdmc ? bdmc_json(*run.bdmc) : Json(nullptr)},
          {"seconds", run.seconds},
          {"seed", run.applied.seed},
          {"isa", active_isa()},
          {"threads", num_threads()}};
}

void print(const AnnealedRun& run, const AisOptions& options) {
  const Readings& readings = *run.log_px;
  std::cout << data::one_line(fmt::format("{} on {} ({}, {} of {} examples), nats per datum",
                                          run.applied.run.name, run.applied.run.config.data,
                                          run.applied.examples.split().name, run.count,
                                          run.applied.examples.count()))
            << fmt::format("\nfrom the {}, {}, {}\n\n", options.from,
                           counted(std::uint64_t(options.temperatures), "temperature"),
                           counted(std::uint64_t(options.chains), "chain"));
  std::cout << fmt::format("log p(x)   {}  a lower bound in expectation\n",
                           mean_column(readings.mean("log_px"), 12));
  std::cout << fmt::format(
      "chains' error {:>9}, ESS {} of {}\n", fixed_text(chains_error(readings, "se"), 4),
      fixed_text(readings.mean("ess").mean, 2), counted(std::uint64_t(options.chains), "chain"));
  const Acceptance acceptance = readings.acceptance("acceptance");
  std::cout << "acceptance by tenths of the path:" << acceptance_text(acceptance) << "\n";
  warn_of(acceptance, "ais");
  if (run.bdmc) {
    std::cout << fmt::format("\n{} that the model made (bidirectional Monte Carlo)\n",
                             counted(run.count, "example"));
    const auto row = [](const char* name, const MeanAndError& bound) {
      std::cout << fmt::format("{:<11}{:>12} +- {}\n", name, fixed_text(bound.mean, 4),
                               fixed_text(bound.standard_error, 4));
    };
    row("lower", run.bdmc->mean("lower"));
    row("upper", run.bdmc->mean("upper"));
    row("gap", gap_of(*run.bdmc));
    const Acceptance reverse = run.bdmc->acceptance("reverse_acceptance");
    std::cout << "acceptance backwards:            " << acceptance_text(reverse) << "\n";
    warn_of(reverse, "bdmc");
  }
  std::cout << fmt::format("\n+- is one standard error over the examples.\n{:.1f} s\n",
                           run.seconds);
}

Json json_of(const std::vector<AnnealedRun>& runs, const AisOptions& options) {
  if (runs.size() == 1) return json_of(runs.front(), options);
  Json all = Json::array(), differences = Json::array();
  for (const AnnealedRun& run : runs) all.push_back(json_of(run, options));
  for (const AisDifference& one : differences_of(runs)) {
    differences.push_back({{"run", one.run},
                           {"from", one.from},
                           {"value", one.value.mean},
                           {"se", one.value.standard_error}});
  }
  return {{"runs", all}, {"differences", differences}};
}

}  // namespace

void warn_of(const Acceptance& acceptance, const char* of) {
  std::size_t low = 0, high = 0;
  for (const double part : acceptance) {
    low += part < low_acceptance;
    high += part > high_acceptance;
  }
  if (low > 0) {
    tell(
        fmt::format("{}: acceptance is below {} in {} of the path's tenths: the bound is valid but "
                    "loose; more --temperatures tighten it",
                    of, low_acceptance, low));
  }
  if (high > 0) {
    tell(
        fmt::format("{}: acceptance is above {} in {} of the path's tenths: moves are shorter than "
                    "they need be; the bound is valid, and more --temperatures tighten it",
                    of, high_acceptance, high));
  }
}

void check_same_examples(const AnnealedRun& a, const AnnealedRun& b) {
  const Examples &one = a.applied.examples, &other = b.applied.examples;
  bool same = one.shown() == other.shown() && a.count == b.count;
  std::vector<float> x(one.shown()), y(other.shown());
  for (std::uint32_t n = 0; same && n < a.count; ++n) {
    one.fill(x.data(), {&n, 1}, 0);
    other.fill(y.data(), {&n, 1}, 0);
    same = std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) == 0;  // NaN is missing
  }
  if (same) return;
  throw SettingError(
      "", data::one_line(
              fmt::format("{} and {} are not of the same examples, so that their differences have "
                          "no pairs; name the data of both with --data",
                          a.applied.run.name, b.applied.run.name)));
}

void show(const std::vector<AnnealedRun>& runs, const AisOptions& options) {
  if (options.flags.common.json) return print_json(json_of(runs, options));
  for (const AnnealedRun& run : runs) {
    if (&run != &runs.front()) std::cout << "\n";
    print(run, options);
  }
  for (const AisDifference& one : differences_of(runs)) {
    std::cout << "\n"
              << data::one_line(fmt::format("{} - {}: {} nats, example by example", one.run,
                                            one.from, mean_text(one.value, 2)))
              << "\n";
  }
}

}  // namespace nelbo
