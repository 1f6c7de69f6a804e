#include "apps/ais/annealed_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <iostream>
#include <numeric>
#include <optional>
#include <span>
#include <utility>

#include "apps/cli/progress_line.hpp"
#include "apps/cli/ranks_here.hpp"
#include "apps/cli/signals.hpp"
#include "apps/exit_code.hpp"
#include "apps/shards/run_identity.hpp"
#include "autodiff/error.hpp"
#include "lab/evaluation/annealing/temperatures.hpp"
#include "lab/evaluation/inference.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {
namespace {

using namespace annealing;

constexpr std::int64_t points_of_curve = 50;

Path path_of(const AisOptions& options) {
  if (!options.rate_distortion) {
    return options.from == "encoder" ? Path::from_encoder : Path::from_prior;
  }
  return options.distortion == "nell" ? Path::from_prior : Path::squared_error;
}

/// All that readings of a run depend on, in one line.
std::string identity(const AnnealedRun& run, const char* what) {
  const AnnealingPlan& plan = run.plan;
  return fmt::format("{} path {}, {} temperatures to {}, {} chains, {} at once, {}", what,
                     int(plan.path), plan.betas.size() - 1, plan.betas.back(), plan.chains,
                     data_at_once(*run.applied.run.model, plan, run.count),
                     identity_of(run.applied, run.count));
}

using Read = std::function<bool(Readings& readings, const Watch& watch)>;

/// Reads with progress, Ctrl-C and a partial file.
bool watched(AnnealedRun& run, const char* what, bool quiet, Readings& readings, const Read& read) {
  const PartialFile& partial =
      run.partial.emplace_back(run.applied.run.folder, identity(run, what));
  partial.resume(readings);
  ProgressLine progress(what, progress_style(quiet));
  const Watch watch{[&](double share) {
                      progress.update(share);
                      return pending_signal() == 0;
                    },
                    [&](const Readings& so_far) { partial.save(so_far); }};
  const bool done = read(readings, watch);
  progress.finish();
  if (!done && partial.active() && readings.count() > 0) {
    std::cerr << fmt::format("{} of {} examples are done; the same command goes on from {}\n",
                             readings.count(), run.count, data::one_line(partial.path()));
  }
  return done;
}

}  // namespace

AnnealedRun open_annealed(const AisOptions& options, const std::string& run) {
  RunFlags flags = options.flags;
  flags.run = run;
  return annealed(apply_run(flags), options);
}

AnnealedRun annealed(AppliedRun applied, const AisOptions& options) {
  AnnealedRun of{.applied = std::move(applied)};
  of.count = std::min(of.applied.examples.count(), std::size_t(options.examples));
  of.plan = {.path = path_of(options),
             .betas = sigmoid_temperatures(options.temperatures,
                                           options.rate_distortion ? options.beta_max : 1),
             .chains = options.chains,
             .seed = of.applied.seed};
  if (options.rate_distortion) of.points = curve_points(options.temperatures, points_of_curve);
  return of;
}

namespace {

/// A pass over the data: where its readings stand, and how they are read.
struct Pass {
  const char* name;
  Readings* readings;
  Read read;
};

/// What is asked of a run, with readings that hold nothing yet.
std::vector<Pass> passes_of(AnnealedRun& run, const AisOptions& options) {
  const Model& model = *run.applied.run.model;
  const AnnealedData data{run.count, [&run](float* x, std::span<const std::uint32_t> rows) {
                            run.applied.examples.fill(x, rows, 0);
                          }};
  if (options.rate_distortion) {
    run.curve = curve_readings(run.points.size());
    return {{"rate-distortion", &*run.curve,
             [&run, &model, data](Readings& readings, const Watch& watch) {
               return read_curve(model, data, run.plan, run.points, readings, watch);
             }}};
  }
  run.log_px = log_px_readings();
  std::vector<Pass> passes{
      {"ais", &*run.log_px, [&run, &model, data](Readings& readings, const Watch& watch) {
         return read_log_px(model, data, run.plan, readings, watch);
       }}};
  if (!options.bdmc) return passes;
  run.bdmc = bdmc_readings();
  // Made when the pass begins.
  passes.push_back({"bdmc", &*run.bdmc,
                    [&run, &model, simulated = std::optional<SimulatedData>()](
                        Readings& readings, const Watch& watch) mutable {
                      if (!simulated) {
                        std::vector<std::uint32_t> rows(run.count);
                        std::iota(rows.begin(), rows.end(), 0u);
                        simulated =
                            simulate(model, run.count, run.applied.seed,
                                     conditions_of(model, examples_at(run.applied.examples, rows)));
                      }
                      return read_bdmc(model, *simulated, run.plan, readings, watch);
                    }});
  return passes;
}

/// The passes batch by batch, as a shard, by several ranks, or from the parts that are gathered.
std::optional<int> in_parts(AnnealedRun& run, const std::vector<Pass>& passes,
                            const AisOptions& options) {
  const std::size_t at_once = data_at_once(*run.applied.run.model, run.plan, run.count);
  const std::size_t batches = (run.count + at_once - 1) / at_once;
  std::string of;
  for (const Pass& pass : passes) of += identity(run, pass.name) + "; ";
  ProgressLine progress("ais", progress_style(options.flags.common.quiet));
  const auto read = [&](std::size_t item, ItemResult& result) {
    const std::size_t pass = item / batches;
    const Watch watch{[&](double share) {
                        progress.update((double(pass) + share) / double(passes.size()));
                        return pending_signal() == 0;
                      },
                      {},
                      [&](std::size_t batch) { return batch == item % batches; }};
    Readings readings{passes[pass].readings->columns, {}};
    if (!passes[pass].read(readings, watch)) return false;
    result.numbers = std::move(readings.values);
    return true;
  };
  const Done done = work_through({of, passes.size() * batches, read}, options.shards);
  progress.finish();
  for (std::size_t item = 0; item < done.results.size(); ++item) {
    const std::vector<double>& numbers = done.results[item].numbers;
    std::vector<double>& values = passes[item / batches].readings->values;
    values.insert(values.end(), numbers.begin(), numbers.end());
  }
  return done.exit_code;
}

}  // namespace

std::optional<int> anneal(AnnealedRun& run, const AisOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const std::vector<Pass> passes = passes_of(run, options);
  if (!options.shards.shard.empty() || Gathered::current() != nullptr || ranks_here().size() > 1) {
    const std::optional<int> code = in_parts(run, passes, options);
    run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return code;
  }
  for (const Pass& pass : passes) {
    if (!watched(run, pass.name, options.flags.common.quiet, *pass.readings, pass.read)) {
      return exit_code_of_signal(pending_signal());
    }
  }
  run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return std::nullopt;
}

std::string not_finite(const AnnealedRun& run) {
  for (const auto* readings : {&run.log_px, &run.bdmc, &run.curve}) {
    if (!*readings) continue;
    for (const char* prefix : {"log_", "lower", "upper", "distortion_"}) {
      for (const std::string& name : (*readings)->columns) {
        if (!name.starts_with(prefix) || name.ends_with("_se")) continue;
        if (!std::isfinite((*readings)->mean(name).mean)) return fmt::format("'{}'", name);
      }
    }
  }
  return "";
}

}  // namespace nelbo
