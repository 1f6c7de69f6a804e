#pragma once
#include "autodiff/tensor.hpp"
#include "models/worlds/world.hpp"

namespace nelbo {

/// A world of finite tables: x uniform over N data, z = (z_1, z_2) with each z_j in 0 .. L - 1. A
/// code is numbered z_1 L + z_2. Every expectation is a finite sum, and so is the expectation of
/// every mini-batch estimator over all batches and draws.
class DiscreteWorld : public World {
 public:
  /// encoder [N, L^2]: Q(z|x); prior [L^2]: P0(z); decoder [L^2, N]: P(x|z). Throws Error naming
  /// the table if a shape does not fit, a probability is not positive, or a row does not sum to 1.
  DiscreteWorld(const Tensor& encoder, const Tensor& prior, const Tensor& decoder);

  std::int64_t data() const { return N_; }       // N
  std::int64_t codes() const { return codes_; }  // L^2
  double encoder(std::int64_t x, std::int64_t code) const { return q_[x * codes_ + code]; }
  /// P_enc(z) = 1/N sum_x Q(z|x).
  double aggregate(std::int64_t code) const { return aggregate_[std::size_t(code)]; }

  ExactTerms exact() const override;
  LogDensities draw(const Stream& stream, std::uint64_t step, std::uint32_t first,
                    std::size_t count) const override;
  /// At x = 0.
  WeightFacts weight_facts() const override;
  std::vector<double> log_weights(const Stream& stream, std::uint64_t step, std::uint32_t first,
                                  std::size_t count) const override;

  /// The expectation of a mini-batch estimate of H_agg: over all ordered batches of B data without
  /// replacement and all draws z_b ~ Q(z|x_b), of
  ///   1/B sum_b -log sum_b' weights[b, b'] Q(z_b|x_b').
  /// weights [B, B], 2 <= B <= N. Takes N! / (N - B)! B L^2 sums. Throws Error for another shape.
  double expected_hagg(const Tensor& weights) const;

 private:
  /// The code that a number in (0, 1) draws from Q(z|x).
  std::int64_t code(std::int64_t x, double uniform) const;
  double log_posterior(std::int64_t x, std::int64_t code) const;

  std::int64_t N_, L_, codes_;
  std::vector<double> q_, prior_, p_;                          // [N, L^2], [L^2], [L^2, N]
  std::vector<double> aggregate_, evidence_;                   // [L^2], [N]
  std::vector<double> aggregate_marginals_, prior_marginals_;  // products over j, [L^2]
  std::vector<double> cumulative_;                             // of Q(z|x) along z, [N, L^2]
};

/// Random tables with N data and L values per dimension.
DiscreteWorld random_discrete_world(std::int64_t data, std::int64_t values, std::uint64_t seed);

}  // namespace nelbo
