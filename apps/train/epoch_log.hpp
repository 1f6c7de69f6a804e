#pragma once
#include <string>

#include "apps/cli/progress.hpp"
#include "lab/training/run_folder.hpp"
#include "lab/training/trainer.hpp"

namespace nelbo {

/// Adds the line of an epoch to metrics.jsonl: what it came to, the rates of its last step and the
/// weights of the objective's schedules there, the mean norm of its gradients, how many of them were
/// clipped, the KL of every latent variable on some held-out examples ("unit_kl"), and every few epochs
/// their whole ledger. `end`: why the run ends
/// here, empty if it goes on. Returns what must be told: why there is no ledger, or nothing.
std::string log_epoch(const RunFolder& folder, const Trainer& trainer, const EpochReport& report,
                      double gradient_norm, std::uint64_t clipped, const std::string& end);

}  // namespace nelbo
