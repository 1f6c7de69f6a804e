#pragma once
#include <string>
#include <vector>

#include "lab/training/by_group.hpp"
#include "lab/training/rate_text.hpp"
#include "objectives/algebra/term.hpp"

namespace nelbo {

/// Numbers or schedules: Term::at gives the rate at a time.
using LearningRates = ByGroup<Term>;

/// Reads a rate, or rates by group; groups not named learn by 1e-3. Throws SettingError of `lr` for
/// what is no number or schedule, a rate for all that is always 0, and rates that are not finite or
/// below 0 where they begin, end or turn.
LearningRates parse_learning_rates(const RateText& rate);

/// What is wrong with the value that a rate has at a time, of which there is none where it is
/// finite and at least 0.
std::string unfit_rate(double value, const Term& rate, const TrainingTime& time);

/// Rates that end after a run, a line each: "cosine(0.001, 0, steps=500) ends at step 500, the run
/// at step 60".
std::vector<std::string> rates_unfinished(const LearningRates& rates, const TrainingTime& last);

/// A tenth of the rate, as it is written.
std::string tenth_of(const RateText& rate);

}  // namespace nelbo
