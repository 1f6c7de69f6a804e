#include "apps/ais/annealed_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <iostream>
#include <numeric>
#include <span>
#include <utility>

#include "apps/cli/progress_line.hpp"
#include "apps/cli/signals.hpp"
#include "autodiff/error.hpp"
#include "autodiff/instruction_set.hpp"
#include "lab/evaluation/annealing/temperatures.hpp"
#include "lab/evaluation/inference.hpp"
#include "lab/files/one_line.hpp"
#include "lab/files/xxh64.hpp"

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
  const ParameterStore& store = *run.applied.run.store;
  Xxh64 parameters;
  parameters.update(store.data(), store.size() * size_of(store.dtype()));
  const AnnealingPlan& plan = run.plan;
  return fmt::format(
      "{} path {}, {} temperatures to {}, {} chains, {} at once, seed {}, isa {}, parameters {}, "
      "{} examples of {} of {} ({})",
      what, int(plan.path), plan.betas.size() - 1, plan.betas.back(), plan.chains,
      data_at_once(*run.applied.run.model, plan, run.count), plan.seed, active_isa(),
      parameters.hex(), run.count, run.applied.examples.split().name, run.applied.run.data->spec,
      data::content_hash(*run.applied.run.data));
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

bool anneal(AnnealedRun& run, const AisOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const Model& model = *run.applied.run.model;
  const AnnealedData data{run.count, [&](float* x, std::span<const std::uint32_t> rows) {
                            run.applied.examples.fill(x, rows, 0);
                          }};
  bool done = true;
  if (options.rate_distortion) {
    run.curve = curve_readings(run.points.size());
    done = watched(run, "rate-distortion", options.quiet, *run.curve,
                   [&](Readings& readings, const Watch& watch) {
                     return read_curve(model, data, run.plan, run.points, readings, watch);
                   });
  } else {
    run.log_px = log_px_readings();
    done = watched(run, "ais", options.quiet, *run.log_px,
                   [&](Readings& readings, const Watch& watch) {
                     return read_log_px(model, data, run.plan, readings, watch);
                   });
  }
  if (done && options.bdmc) {
    std::vector<std::uint32_t> rows(run.count);
    std::iota(rows.begin(), rows.end(), 0u);
    const SimulatedData simulated =
        simulate(model, run.count, run.applied.seed,
                 conditions_of(model, examples_at(run.applied.examples, rows)));
    run.bdmc = bdmc_readings();
    done =
        watched(run, "bdmc", options.quiet, *run.bdmc, [&](Readings& readings, const Watch& watch) {
          return read_bdmc(model, simulated, run.plan, readings, watch);
        });
  }
  run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return done;
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
