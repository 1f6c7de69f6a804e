#include "lab/evaluation/annealing/temperatures.hpp"

#include <cmath>

namespace nelbo::annealing {

std::vector<double> sigmoid_temperatures(std::int64_t count, double highest) {
  constexpr double rho = 4;
  // sigma(u) - 1/2 is tanh(u / 2) / 2.
  std::vector<double> betas;
  for (std::int64_t t = 0; t <= count; ++t) {
    const double along = 2 * double(t) / double(count) - 1;
    betas.push_back(highest * (std::tanh(rho * along / 2) / std::tanh(rho / 2) + 1) / 2);
  }
  betas.back() = highest;
  return betas;
}

}  // namespace nelbo::annealing
