#include "apps/disentangle/run_points.hpp"

#include <utility>

#include "lab/evaluation/disentanglement/model_points.hpp"

namespace nelbo {
namespace {

/// "sprites" and "sprites:32" are a part of the grid; the run's own otherwise.
std::string whole_grid(const std::string& data) {
  if (data == "sprites") return "sprites:grid";
  if (data == "sprites:32") return "sprites:grid:32";
  return "";
}

NamedPoints of_splits(const LoadedRun& run, const std::vector<Examples>& splits,
                      const std::string& name) {
  return {disentanglement::points_of(*run.model, *run.data, splits),
          run.name + " on " + run.config.data + name};
}

}  // namespace

NamedPoints run_points(const RunFlags& flags) {
  if (!flags.data.empty() || !flags.split.empty()) {
    const AppliedRun applied = apply_run(flags);
    return of_splits(applied.run, {applied.examples}, " (" + applied.examples.split().name + ")");
  }
  flags.common.apply_threads();
  const std::string grid = whole_grid(open_model(flags.run).config.data);
  const LoadedRun run = open_run(flags.run, {grid, flags.label});
  for (const std::string& note : run.notes) tell(note);
  std::vector<Examples> splits;
  for (const data::Split& split : run.data->splits) splits.push_back(run.examples(split));
  return of_splits(run, splits, "");
}

}  // namespace nelbo
