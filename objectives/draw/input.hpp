#pragma once
#include <cstdint>
#include <functional>
#include <span>

#include "autodiff/random_variables.hpp"
#include "autodiff/schedule.hpp"
#include "autodiff/tape.hpp"

namespace nelbo {

/// When and for what a recorded draw is replayed: all that its random numbers are addressed by.
struct Moment {
  const DrawVariables& variables;  // training's, evaluation's, ...
  std::uint64_t seed = 0;
  std::uint64_t step = 0;               // of the noise
  std::span<const std::uint32_t> rows;  // [B], the data's numbers in their set
  TrainingTime scheduled = {};          // where schedules stand: in evaluation, training's
  std::uint64_t batch = 0;  // in evaluation, whose step is 0: which of its batches it is

  /// The step of numbers that belong to no datum: no two batches share them.
  std::uint64_t own_step() const { return step + batch; }
  /// The numbers of one variable at this moment, addressed by the data.
  RandomBlock block(const RandomVariable& variable) const {
    return {.stream = variable.of(seed), .step = step, .datum = rows.data()};
  }
};

/// A leaf that whoever replays the tape fills before each forward pass. fill() does not allocate after
/// its first call.
struct Input {
  Var leaf;
  std::function<void(const Tensor& data, const Moment& moment)> fill;
};

}  // namespace nelbo
