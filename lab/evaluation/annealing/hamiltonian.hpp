#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "lab/evaluation/annealing/tempered_density.hpp"

namespace nelbo::annealing {

/// Which random numbers a move takes.
struct MoveNumbers {
  Stream momenta, acceptances;
  std::uint64_t step = 0;
  std::span<const std::uint32_t> ids;  // of the data, [B]
};

/// Hamiltonian Monte Carlo of all chains at once, with unit mass and a fixed number of leapfrogs
/// (Neal 2011, "MCMC using Hamiltonian dynamics"). A move leaves the density f_beta invariant,
/// whatever its step sizes, which are one for each datum.
class Hamiltonian {
 public:
  /// The density must outlive it.
  Hamiltonian(TemperedDensity& density, std::int64_t leapfrogs);

  /// Follows the dynamics of -log f_beta from the points and momenta [S, B, D] in place.
  /// Reversible: with the momenta turned round it comes back.
  void leapfrog(ChainPoints& points, std::vector<float>& momenta, double beta,
                std::span<const float> step_sizes);
  /// One proposal for every chain, accepted or not (Metropolis). What is not finite is refused.
  void move(ChainPoints& points, double beta, std::span<const float> step_sizes,
            const MoveNumbers& numbers);
  /// The probabilities with which the last move's proposals were accepted, [S, B].
  std::span<const float> acceptance() const { return acceptance_; }

 private:
  void kick(const ChainPoints& points, std::vector<float>& momenta, double beta,
            std::span<const float> step_sizes, float share) const;
  double energy(const ChainPoints& points, double beta, std::size_t row) const;

  TemperedDensity* density_;
  std::int64_t leapfrogs_;
  ChainPoints proposed_;
  std::vector<float> momenta_;               // [S, B, D]
  std::vector<double> energy_;               // [S, B], nats
  std::vector<float> uniform_, acceptance_;  // [S, B]
};

}  // namespace nelbo::annealing
