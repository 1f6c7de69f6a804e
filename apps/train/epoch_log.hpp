#pragma once
#include "apps/cli/progress.hpp"
#include "lab/training/run_folder.hpp"
#include "lab/training/trainer.hpp"

namespace nelbo {

/// Adds the line of an epoch to metrics.jsonl: what it came to, the mean norm of its gradients, the
/// KL of every latent variable on some held-out examples ("unit_kl"), and every few epochs their whole
/// ledger.
void log_epoch(const RunFolder& folder, const Trainer& trainer, const EpochReport& report,
               double gradient_norm);

}  // namespace nelbo
