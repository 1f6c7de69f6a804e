#pragma once
#include <string>
#include <vector>

#include "autodiff/optimizer.hpp"
#include "autodiff/parameters.hpp"
#include "autodiff/schedule.hpp"
#include "lab/training/train_state.hpp"
#include "objectives/draw/auxiliary.hpp"

namespace nelbo {

// Checkpoints are safetensors files written by temporary file, fsync and rename. Tensors: every
// parameter under its dotted name, and each optimiser's moments as "optimizer.m" and "optimizer.v"
// in the order of the flat buffer, and the parameters' moving average as "ema"; the numbers of
// TrainState are in the metadata, doubles as hexadecimal floats, and so is what the model is built
// from, as "model" (model_toml). No time, host, path or thread count: equal runs give equal bytes.
// Every load verifies the file's digest (safetensors::Reader::verify), throws Error where it is
// damaged, and gives a note where it holds none.

/// An optimiser, and what its tensors' names begin with: "optimizer", or of an auxiliary network its
/// group and "_optimizer".
struct NamedOptimizer {
  std::string name;
  Optimizer* optimizer;
};

/// Everything that a run needs to continue with the same bits. `model`: what it is built from;
/// `ema`: the parameters' moving average, where there is one.
void save_checkpoint(const std::string& path, const std::string& model,
                     const Auxiliaries& auxiliaries, const ParameterStore& store,
                     const std::vector<NamedOptimizer>& optimizers, const TrainState& state,
                     const Tensor* ema = nullptr);

/// Restores what save_checkpoint wrote. Throws Error naming the file and the tensor or number that
/// is missing or does not fit; nothing is changed then. Returns what must be told, or nothing.
std::string load_checkpoint(const std::string& path, ParameterStore& store,
                            const std::vector<NamedOptimizer>& optimizers, TrainState& state,
                            const Tensor* ema = nullptr);

/// The parameters alone, with the epoch and step they are of.
void save_parameters(const std::string& path, const std::string& model,
                     const Auxiliaries& auxiliaries, const ParameterStore& store,
                     const TrainState& state);

/// What the model of a file is built from; empty in files of nelbo 0.1.0. Throws Error for a file that
/// cannot be read.
std::string model_of_checkpoint(const std::string& path);

/// Where parameters come from.
struct CheckpointOrigin {
  TrainingTime time;  // its epochs are the complete ones; 0 where the file does not say
  std::string note;   // what must be told; empty if nothing must
};

/// Freezes a store with its parameters from either kind of file; others in the file (of networks that
/// learnt beside the model) are left alone. Throws Error naming the file and the tensor that is missing or
/// does not fit.
CheckpointOrigin freeze_from(const std::string& path, ParameterStore& store);

/// What a new model took from another's.
struct WarmStart {
  std::size_t taken = 0, of = 0;  // parameters, by name
  std::vector<std::string>
      fresh;         // the others, which keep their first values, each with the reason
  std::string note;  // what must be told of the file; empty if nothing must
};

/// Overwrites the parameters of a store that the file holds under the same name, in the same shape and
/// type. Throws Error where the file is damaged and where it holds none; nothing is changed then.
WarmStart take_parameters(const std::string& path, ParameterStore& store);

}  // namespace nelbo
