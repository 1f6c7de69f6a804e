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

/// A run, and the examples of it that are meant.
struct ChosenExamples {
  LoadedRun run;
  std::vector<Examples> splits;
  std::string name;
};

ChosenExamples choose(const RunFlags& flags) {
  if (!flags.data.empty() || !flags.split.empty()) {
    AppliedRun applied = apply_run(flags);
    const std::string split = applied.examples.split().name;
    std::string name = applied.run.name + " on " + applied.run.config.data + " (" + split + ")";
    return {std::move(applied.run), {std::move(applied.examples)}, std::move(name)};
  }
  flags.common.apply_threads();
  const std::string grid = whole_grid(open_model(flags.run).config.data);
  ChosenExamples all{open_run(flags.run, {grid, flags.label}), {}, ""};
  for (const std::string& note : all.run.notes) tell(note);
  for (const data::Split& split : all.run.data->splits) {
    all.splits.push_back(all.run.examples(split));
  }
  all.name = all.run.name + " on " + all.run.config.data;
  return all;
}

}  // namespace

NamedPoints run_points(const RunFlags& flags) {
  const ChosenExamples of = choose(flags);
  return {disentanglement::points_of(*of.run.model, *of.run.data, of.splits), of.name};
}

NamedPoints run_codes(const RunFlags& flags) {
  const ChosenExamples of = choose(flags);
  return {{disentanglement::codes_of(*of.run.model, of.splits), {}}, of.name};
}

}  // namespace nelbo
