#pragma once
#include "lab/training/trainer.hpp"

namespace nelbo {

/// Throws Error where the ranks would not begin as one model, as where a folder is another on every machine.
void check_alike(const Trainer& trainer);

}  // namespace nelbo
