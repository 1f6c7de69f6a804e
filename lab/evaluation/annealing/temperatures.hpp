#pragma once
#include <cstdint>
#include <vector>

namespace nelbo::annealing {

/// beta_0 = 0 < ... < beta_T = `highest`, dense at both ends:
///   beta_t = highest (sigma(rho (2 t / T - 1)) - sigma(-rho)) / (sigma(rho) - sigma(-rho)), rho = 4
/// (Wu, Burda, Salakhutdinov & Grosse 2017, "On the quantitative analysis of decoder-based
/// generative models"). [T + 1].
std::vector<double> sigmoid_temperatures(std::int64_t count, double highest = 1);

}  // namespace nelbo::annealing
