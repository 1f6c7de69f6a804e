#pragma once
// A world is a model with exact answers: data, encoder, prior and decoder of which every term of
// Zheng eqs (3)-(35) is known, and every log-density can be evaluated at a draw.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/random.hpp"

namespace nelbo {

/// Expectations over the data and the encoder, nats per datum.
struct ExactTerms {
  double nell;      // -E log P(x|z), eq. (15)
  double div;       // E KL(Q(Z|x) || P0), eq. (16)
  double mi;        // I_enc(X; Z), eq. (8)
  double aggdiv;    // KL(P_enc(Z) || P0), eq. (19)
  double tc;        // KL(P_enc(Z) || prod_j P_enc(Z_j)), eq. (21)
  double dwkl;      // sum_j KL(P_enc(Z_j) || P0_j), eq. (21)
  double pf;        // E_P_enc log P0(z) / prod_j P0_j(z_j), eq. (21)
  double hagg;      // entropy of P_enc(Z), eq. (22)
  double hqzx;      // H(Z|X) of the encoder
  double h_data;    // entropy of the data
  double elbo;      // eq. (13)
  double log_px;    // E log P_dec(x), eq. (5)
  double gap;       // E KL(Q(Z|x) || P_dec(Z|x)), eq. (12)
  double mi_dec;    // I_dec(X; Z) of the model itself, eq. (3)
  double mi_lower;  // H_data - Nell, eq. (34)
};

/// The terms with their names ("nell", ...), in the order of the struct.
std::vector<std::pair<std::string, double>> named_terms(const ExactTerms& terms);

/// Exact log-densities at S draws x ~ data, z ~ Q(z|x): each [S], nats.
struct LogDensities {
  std::vector<double> decoder;              // log P(x|z)
  std::vector<double> encoder;              // log Q(z|x)
  std::vector<double> prior;                // log P0(z)
  std::vector<double> prior_marginals;      // sum_j log P0_j(z_j)
  std::vector<double> aggregate;            // log P_enc(z)
  std::vector<double> aggregate_marginals;  // sum_j log P_enc_j(z_j)
  std::vector<double> evidence;             // log P_dec(x)
  std::vector<double> posterior;            // log P_dec(z|x)
};

/// What is known of the importance weights r = P_dec(z|x) / Q(z|x), z ~ Q(z|x), at one datum.
/// E r is 1. Moments that do not exist are infinite.
struct WeightFacts {
  double log_px;         // log P_dec(x), nats
  double gap;            // -E log r = log P_dec(x) - ELBO(x), nats
  double second_moment;  // E r^2 = 1 + chi^2
  double third_moment;   // E r^3
};

class World {
 public:
  virtual ~World() = default;
  virtual ExactTerms exact() const = 0;
  /// Draws number first .. first + count - 1. A draw depends on the stream, the step and its own
  /// number only.
  virtual LogDensities draw(const Stream& stream, std::uint64_t step, std::uint32_t first,
                            std::size_t count) const = 0;
  /// At one datum of the world's choice.
  virtual WeightFacts weight_facts() const = 0;
  /// log r at draws first .. first + count - 1 of z for that datum: [count].
  virtual std::vector<double> log_weights(const Stream& stream, std::uint64_t step,
                                          std::uint32_t first, std::size_t count) const = 0;
};

}  // namespace nelbo
