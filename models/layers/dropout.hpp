#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "autodiff/tape.hpp"
#include "models/of_recording.hpp"

namespace nelbo {

/// What layers of dropout multiply by in one recording of training: 1 / (1 - rate) with probability
/// 1 - rate, else 0, drawn anew at every step. Numbers are of the line `dropout` of the register of
/// random variables, a variable for each mask in the order of the recording.
class DropoutMasks {
 public:
  /// While it lives, layers of dropout that this thread records on a tape drop units out, by masks that
  /// these keep; on other tapes, and without one, they are the identity.
  using Use = OfRecording<DropoutMasks>;

  /// A leaf of x's shape and type, to be filled before each forward pass.
  Var add(Var x, double rate);
  /// Draws all masks. `rows` [B]: the numbers of the batch's data; an axis before the last of length
  /// B is taken for the batch's, and its numbers go by the data. Does not allocate.
  void fill(std::uint64_t seed, std::uint64_t step, std::span<const std::uint32_t> rows) const;

 private:
  struct Mask {
    Tensor values;
    double rate;
  };
  std::vector<Mask> masks_;
};

/// Dropout of units in training: x times a mask of mean 1 (DropoutMasks); x itself anywhere else.
/// Srivastava et al. (2014), scaled in training, so that nothing is left to be done afterwards.
class Dropout {
 public:
  /// rate: the probability that a unit is dropped. Throws Error unless it is in [0, 1).
  explicit Dropout(double rate);
  /// x [..., D] gives the same shape.
  Var operator()(Var x) const;

 private:
  double rate_;
};

}  // namespace nelbo
