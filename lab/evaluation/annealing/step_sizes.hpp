#pragma once
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "lab/evaluation/annealing/hamiltonian.hpp"

namespace nelbo::annealing {

/// Told after every move; says whether to go on.
using AfterMove = std::function<bool()>;

/// Step sizes of moves at each temperature and datum, [T + 1, B]; those at t = 0 are never used.
class StepSizes {
 public:
  StepSizes(std::size_t temperatures, std::size_t data)
      : data_(data), values_((temperatures + 1) * data) {}
  std::span<float> at(std::size_t t) { return {&values_[t * data_], data_}; }
  std::span<const float> at(std::size_t t) const { return {&values_[t * data_], data_}; }

 private:
  std::size_t data_;
  std::vector<float> values_;
};

/// Moves of a pilot before its first temperature, which find the scale.
inline constexpr std::size_t warm_up_moves = 30;
inline constexpr double wanted_acceptance = 0.65;

/// Runs chains from `points`, drawn and evaluated, through the temperatures and steers each datum's
/// step size towards wanted_acceptance: the logarithm goes up by 1/5 of what the chains' mean
/// acceptance has above it, 1/2 during the warm-up. What they use is frozen for the chains that
/// count: those whose step sizes followed their own past would not give an unbiased estimate of
/// P(x). False if it was stopped.
bool tune(Hamiltonian& moves, ChainPoints& points, std::span<const double> betas,
          MoveNumbers numbers, StepSizes& sizes, const AfterMove& after);

}  // namespace nelbo::annealing
