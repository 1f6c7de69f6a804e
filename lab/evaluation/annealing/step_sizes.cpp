#include "lab/evaluation/annealing/step_sizes.hpp"

#include <algorithm>
#include <cmath>

namespace nelbo::annealing {
namespace {

constexpr double first_step = 0.1, least_step = 1e-8, longest_step = 1e3;

/// Changes the sizes by how the last move went.
void steer(std::span<float> sizes, std::span<const float> acceptance, double gain) {
  const std::size_t B = sizes.size(), S = acceptance.size() / B;
  for (std::size_t b = 0; b < B; ++b) {
    double mean = 0;
    for (std::size_t s = 0; s < S; ++s) mean += double(acceptance[s * B + b]) / double(S);
    const double next = double(sizes[b]) * std::exp(gain * (mean - wanted_acceptance));
    sizes[b] = float(std::clamp(next, least_step, longest_step));
  }
}

}  // namespace

bool tune(Hamiltonian& moves, ChainPoints& points, std::span<const double> betas,
          MoveNumbers numbers, StepSizes& sizes, const AfterMove& after) {
  const std::size_t temperatures = betas.size() - 1;
  std::ranges::fill(sizes.at(0), float(first_step));
  for (std::size_t w = 1; w <= warm_up_moves; ++w) {
    numbers.step = temperatures + w;
    moves.move(points, betas[0], sizes.at(0), numbers);
    steer(sizes.at(0), moves.acceptance(), 0.5);
    if (!after()) return false;
  }
  for (std::size_t t = 1; t < temperatures; ++t) {
    std::ranges::copy(sizes.at(t - 1), sizes.at(t).begin());
    numbers.step = t;
    moves.move(points, betas[t], sizes.at(t), numbers);
    steer(sizes.at(t), moves.acceptance(), 0.2);
    if (!after()) return false;
  }
  return true;
}

}  // namespace nelbo::annealing
