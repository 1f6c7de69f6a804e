#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "autodiff/random.hpp"
#include "autodiff/tape.hpp"
#include "models/model.hpp"

namespace nelbo::annealing {

/// The densities between which chains pass, log f_beta(z) = base(z) + beta tilt(z), nats:
enum class Path {
  from_encoder,  // base log Q(z|x), tilt log P(x, z) - log Q(z|x): at beta = 1 P(x, z)
  from_prior,    // base log P0(z), tilt log P(x|z): the same; beyond, P0(z) P(x|z)^beta
  squared_error  // base log P0(z), tilt -|x - E[X|z]|^2
};

/// Codes of S chains for each of B data, and what the path's densities are there.
struct ChainPoints {
  ChainPoints(std::int64_t chains, std::int64_t data, std::int64_t dimensions);

  std::vector<float> z;                       // [S, B, D]
  std::vector<float> base, tilt;              // [S, B], nats
  std::vector<float> base_slope, tilt_slope;  // their gradients to z, [S, B, D]
};

/// A path of a model for S chains and B data, recorded once and replayed. Gradients go to z alone,
/// not to parameters; nothing is allocated after the first evaluation.
class TemperedDensity {
 public:
  /// The model must outlive it. Throws Error for discrete codes, which have no gradient, a store
  /// that is not float32, a posterior that does not know the density of any code, and squared_error
  /// of a model without likelihood().
  TemperedDensity(const Model& model, Path path, std::int64_t chains, std::int64_t data);

  std::int64_t chains() const { return chains_; }          // S
  std::int64_t data() const { return data_; }              // B
  std::int64_t dimensions() const { return dimensions_; }  // D

  /// The memory of the data, [B, X], to be filled before start() and evaluate().
  std::span<float> x();
  /// Draws the codes exactly from exp base, the encoder's Q(Z|x) or the prior, with the numbers of
  /// `stream` at the ids of the data [B].
  void start(ChainPoints& points, const Stream& stream, std::span<const std::uint32_t> ids);
  /// Fills in all but z.
  void evaluate(ChainPoints& points);

 private:
  void record(const Model& model, Path path);
  void record_start(const Model& model, Path path);
  void slope(Var root, std::vector<float>& to);

  std::int64_t chains_, data_, dimensions_;
  Tape tape_{{.mode = Tape::Mode::replay}};
  Var x_, z_, base_, tilt_;
  Tape start_tape_{{.mode = Tape::Mode::replay, .gradients = false}};
  Var start_x_, start_noise_, start_z_;
  Noise start_noise_kind_ = Noise::normal;
};

}  // namespace nelbo::annealing
