#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "lab/training/metrics.hpp"
#include "lab/training/run_folder.hpp"
#include "objectives/algebra/term.hpp"

namespace nelbo {

/// What a finished run came to.
struct RunResult {
  RunFolder folder;
  std::string objective;
  std::string objective_shown;  // shown_objective()
  std::uint64_t epochs, steps;
  Metrics train;  // means over the batches of the last epoch, or of the part of it made
  std::optional<Metrics> validation;
  Metrics test;
  std::string end;  // why early stopping ended it; empty where it did not
  double seconds;   // since the run began, over all processes
  double examples_per_second;
  std::uint64_t seed;
};

/// What stands under "objective", a gain: "elbo", or of a cost "nell + 4*div, a cost, with its sign
/// turned".
std::string shown_objective(const Term& objective);

nlohmann::ordered_json to_json(const RunResult& result);

/// The same for people.
std::string result_text(const RunResult& result);

}  // namespace nelbo
