#pragma once
#include <string>

#include "apps/cli/progress.hpp"
#include "lab/training/run_folder.hpp"
#include "lab/training/trainer.hpp"

namespace nelbo {

/// Adds the line of an epoch to metrics.jsonl: what it came to, the mean norm of its gradients, the
/// weights of the objective's schedules as at its last step, and every few epochs the whole ledger of
/// some held-out examples. `end`: why the run ends here, empty if it goes on.
void log_epoch(const RunFolder& folder, const Trainer& trainer, const EpochReport& report,
               double gradient_norm, const std::string& end);

}  // namespace nelbo
