#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/reports/picture_grid.hpp"
#include "lab/data/examples.hpp"
#include "lab/evaluation/traversal.hpp"
#include "lab/training/loaded_run.hpp"
#include "models/model.hpp"

namespace nelbo {

/// Why a run has no pictures, or "": its examples are none, or its model has none of a code.
std::string why_no_pictures(const Model& model, const std::vector<std::int64_t>& example);

/// How the examples of a run are seen, whose pictures there are.
PictureView picture_view(const TrainConfig& config);

/// Rows of examples x [N, X], each above its reconstructions [N, X]. The last row is left out where it is
/// not full, unless it is the only one.
PictureGrid reconstruction_grid(const Tensor& x, const Tensor& reconstructions);
/// So many columns that they make about a square.
PictureGrid square_grid(const Tensor& x);
/// A row for every latent variable with its divergence in `kl` [L], nats, above its pictures [V K, X] the
/// values it goes through.
PictureGrid traversal_grid(const Traversal& traversal, const std::vector<double>& kl,
                           const Tensor& pictures);

/// Latent variables that pictures go through: the 10 of largest divergence.
inline constexpr std::size_t traversed_variables = 10;
/// The examples, evenly spread, whose mean KL(Q(Z_l|x) || P0(Z_l)) it is.
std::vector<double> divergences(const Model& model, const Examples& examples);

/// Pictures of a run, from fixed held-out examples and fixed z, so that those of two epochs
/// compare: reconstructions (rows of examples, each above its reconstructions), samples of the
/// prior, and traversals (a row per latent variable, by decreasing mean KL, in which it goes from
/// -3 to 3, or through its classes).
class Pictures {
 public:
  /// `config`: the run's, which says how its examples are seen. Model and examples must outlive it.
  Pictures(const Model& model, const Examples& held_out, const TrainConfig& config,
           std::uint64_t seed);
  /// Writes reconstructions.png, samples.png and traversals.png. Does nothing where examples are no
  /// pictures, or the model has no decoder. Nor where values are not finite: returns which, as
  /// "picture 3 of samples".
  [[nodiscard]] std::optional<std::string> write(const std::filesystem::path& folder) const;

 private:
  PictureGrid reconstructions() const;
  /// Those of the first examples, again and again: [count, C].
  Tensor held_out_conditions(std::size_t count) const;
  PictureGrid samples() const;
  PictureGrid traversals() const;

  const Model& model_;
  const Examples& held_out_;
  std::uint64_t seed_;
  std::optional<PictureView> view_;
};

}  // namespace nelbo
