#pragma once
#include <string>
#include <vector>

#include "autodiff/optimizer.hpp"
#include "autodiff/parameters.hpp"
#include "lab/training/train_state.hpp"

namespace nelbo {

// Checkpoints are safetensors files written by temporary file, fsync and rename. Tensors: every
// parameter under its dotted name, and each optimiser's moments as "optimizer.m" and "optimizer.v"
// in the order of the flat buffer; the numbers of TrainState are in the metadata, doubles as
// hexadecimal floats. No time, host, path or thread count: equal runs give equal bytes.

/// An optimiser, and what its tensors' names begin with: "optimizer",
/// "critic_optimizer" or "baseline_optimizer".
struct NamedOptimizer {
  std::string name;
  Optimizer* optimizer;
};

/// Everything that a run needs to continue with the same bits.
void save_checkpoint(const std::string& path, const ParameterStore& store,
                     const std::vector<NamedOptimizer>& optimizers, const TrainState& state);

/// Restores what save_checkpoint wrote. Throws Error naming the file and the tensor or number that
/// is missing or does not fit; nothing is changed then.
void load_checkpoint(const std::string& path, ParameterStore& store,
                     const std::vector<NamedOptimizer>& optimizers, TrainState& state);

/// The parameters alone, with the epoch and step they are of.
void save_parameters(const std::string& path, const ParameterStore& store, const TrainState& state);

/// Parameters from either kind of file. Returns the step that they are of, 0 where the file does not
/// say. Throws Error as load_checkpoint does.
std::uint64_t load_parameters(const std::string& path, ParameterStore& store);

}  // namespace nelbo
