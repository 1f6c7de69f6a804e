#pragma once
#include <cstdint>
#include <vector>

#include "autodiff/parameters.hpp"
#include "autodiff/tape.hpp"
#include "models/of_recording.hpp"

namespace nelbo {

/// Parameters that no gradient moves: in training each is a running mean of a number that its batches
/// have, and elsewhere the model takes it for that number. After step t = 1, 2, .. it has moved by max(1 /
/// t, 0.01) of the way to the batch's: the mean of the first 100 batches, then of about the last 100.
class RunningMeans {
 public:
  /// While it lives, what this thread records on a tape is training, whose numbers these keep.
  using Use = OfRecording<RunningMeans>;

  /// Those of the tape that is being recorded, null where it is no training.
  static RunningMeans* current() { return Use::current(); }

  /// A parameter of one number, and the batch's number, rank 0 or [1]. Of several the first is kept.
  void keep(ParameterId parameter, Var number);
  /// Where step number t will leave the parameters, from the last forward pass. Does not allocate.
  void measure(const ParameterStore& store, std::uint64_t step);
  /// Writes it. Apart from measure(), so that an optimiser's decay between them changes nothing.
  void put(const ParameterStore& store) const;

 private:
  struct Kept {
    ParameterId parameter;
    Var number;
    double mean = 0;
  };
  std::vector<Kept> kept_;
};

}  // namespace nelbo
