#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "objectives/algebra/term.hpp"

namespace nelbo {

/// The schedules of an objective, as they are written, and what each is at a step.
std::vector<std::pair<std::string, double>> weights_at(const Term& objective, std::uint64_t step);

/// The step from which on the weights of an objective are final: where the last of its schedules
/// ends. 0 without one. Schedules that never end are left out.
std::uint64_t weights_final_at(const Term& objective);

/// Whether a schedule of it never ends: `step`.
bool weights_move_for_ever(const Term& objective);

/// Which schedule ends after a run's last step, and so never arrives: "anneal(0, 6, steps=5000)
/// ends at step 5000, the run at step 60"; empty if none does.
std::string weights_unfinished(const Term& objective, std::uint64_t last_step);

/// What of an objective's weights is not finite any more at a run's last step: "'nell': its weight
/// step(1, factor=10, every=1) is not finite from step 309 on"; empty if all are finite.
std::string weights_overflow(const Term& objective, std::uint64_t last_step);

}  // namespace nelbo
