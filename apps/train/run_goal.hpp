#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lab/training/run_config.hpp"
#include "lab/training/run_folder.hpp"
#include "lab/training/train_state.hpp"
#include "lab/training/trainer.hpp"

namespace nelbo {

/// How far a resumed run goes on: so many further epochs or steps, or to the run's own end if
/// neither is given. An epoch that was begun counts as the first.
struct Further {
  std::optional<std::uint64_t> epochs;
  std::optional<std::uint64_t> steps;
  std::vector<std::string> changes;  // of settings that may change, as "lr=1e-4"
};

/// Sets how far the run goes, from where it stands; leaves it where neither is given.
void go_further(TrainConfig& config, const TrainState& state, const Further& further);

/// The words that go on with a run, as a shell takes them. A user's own program, whose words the
/// run may be made of, goes by the name it was started by, the first of `argv`.
std::string resume_command(const std::vector<std::string>& argv, const RunFolder& folder);
/// What stderr says of a run that a signal ended: where it stands, how it goes on, and its page.
std::string interrupted_text(const TrainState& state, const std::vector<std::string>& argv,
                             const RunFolder& folder);
/// The same of one whose numbers are not finite any more.
std::string not_finite_text(const NotFinite& error, const std::vector<std::string>& argv,
                            const RunFolder& folder, const TrainConfig& config);

/// The time at which the whole run ends if nothing else ends it.
TrainingTime run_goal(const TrainConfig& config, const Trainer& trainer);

/// Why the run ends where it stands, "epochs", "steps" or "patience"; empty if it goes on.
std::string end_of_run(const TrainConfig& config, const Trainer& trainer);

/// For people: why early stopping ended the run; empty where it did not.
std::string patience_text(const TrainConfig& config, const Trainer& trainer);

/// Throws SettingError, with what to say to go on, for a run that is at its end.
void refuse_ended(const TrainConfig& config, const Trainer& trainer, const RunFolder& folder);

/// Throws SettingError where a weight of the objective overflows before the goal.
void check_weights_finite(const Trainer& trainer, const TrainingTime& goal);

}  // namespace nelbo
