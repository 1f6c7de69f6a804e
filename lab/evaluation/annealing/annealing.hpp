#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "lab/evaluation/annealing/hamiltonian.hpp"
#include "lab/evaluation/annealing/step_sizes.hpp"
#include "lab/evaluation/annealing/tempered_density.hpp"
#include "models/model.hpp"

namespace nelbo::annealing {

struct AnnealingPlan {
  Path path = Path::from_encoder;
  std::vector<double> betas;    // [T + 1], ascending from 0: sigmoid_temperatures()
  std::int64_t chains = 16;     // S
  std::int64_t leapfrogs = 10;  // of a move
  std::uint64_t seed = 0;
  /// Whether the data are the model's own: they then have random numbers of their own too.
  bool simulated = false;
};

/// Chains that find the step sizes, and have no part in the estimate.
inline constexpr std::int64_t pilot_chains = 2;
/// Acceptance is told for each tenth of the temperatures.
inline constexpr std::size_t acceptance_parts = 10;
using Acceptance = std::array<double, acceptance_parts>;

/// Annealed importance sampling (Neal 2001) of B data at once: chains pass from the first
/// distribution of a path to the last, one move at each temperature, and their weights are unbiased
/// estimates of the last one's normaliser, P(x) for the paths from_encoder and from_prior.
/// Backwards from an exact draw of the posterior, which only data have that the model made, the
/// weights' inverses are unbiased estimates of 1 / P(x) (Grosse, Ghahramani & Adams 2015,
/// bidirectional Monte Carlo).
///
/// Random numbers have the address (seed, temperature, id of the datum, chain), so that results
/// depend on no number of threads.
class Annealing {
 public:
  /// The model must outlive it. Throws Error as TemperedDensity does.
  Annealing(const Model& model, AnnealingPlan plan, std::size_t data);

  std::size_t data() const { return std::size_t(density_.data()); }      // B
  std::size_t chains() const { return std::size_t(density_.chains()); }  // S
  std::size_t temperatures() const { return plan_.betas.size() - 1; }    // T

  /// Takes x [B, X] of the data `ids` [B].
  void load(std::span<const float> x, std::span<const std::uint32_t> ids);
  // All return false if they were stopped after a move.
  /// The pilot: finds the step sizes of the others.
  bool tune(const AfterMove& after);
  /// From the first distribution to the last. `at(t)`, if any, is called when log_weights() belong
  /// to beta_t, t = 1 .. T, and points() are the chains' codes that they weigh.
  bool forward(const AfterMove& after, const std::function<void(std::size_t t)>& at = {});
  /// From codes z [B, D] drawn from P(z|x), where all chains of a datum begin, to the first
  /// distribution.
  bool reverse(std::span<const float> z, const AfterMove& after);

  /// Log-weights of the last pass, nats: [S, B].
  std::span<const double> log_weights() const { return log_weights_; }
  const ChainPoints& points() const { return points_; }
  /// Mean acceptance of the last pass of datum b, in the path's order; NaN in parts without a move.
  Acceptance acceptance(std::size_t b) const;

 private:
  enum class Chains { pilot, forward, reverse };
  MoveNumbers numbers(Chains chains) const;
  std::size_t member(Chains chains) const;
  void begin();
  void weigh(std::size_t t);
  void move(std::size_t t, Chains chains);

  AnnealingPlan plan_;
  TemperedDensity pilot_density_, density_;
  Hamiltonian pilot_moves_, moves_;
  ChainPoints pilot_points_, points_;
  StepSizes sizes_;
  std::vector<std::uint32_t> ids_;
  std::vector<double> log_weights_;
  std::vector<double> accepted_;    // sums over the moves of a part and chains, [parts, B]
  std::vector<std::size_t> moved_;  // moves of a part
};

}  // namespace nelbo::annealing
