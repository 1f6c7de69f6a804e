#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/tensor.hpp"
#include "lab/data/examples.hpp"
#include "lab/training/run_folder.hpp"
#include "models/model.hpp"

namespace nelbo {

/// Height and width of a grey picture.
struct PictureShape {
  std::size_t height = 0;
  std::size_t width = 0;
};

/// Examples [H, W], [H, W, 1], [1, H, W], and [X] where X >= 16 is a square number; nullopt for
/// what is no grey picture.
std::optional<PictureShape> picture_shape(const std::vector<std::int64_t>& example);

/// Why there are no pictures: "examples of shape 13 are no grey pictures".
std::string no_pictures(const std::vector<std::int64_t>& example);

/// Writes N pictures [N, X] of a model, brought back to the units of the data, `columns` to a row, as one
/// PNG in which `range` goes from black to white.
void write_pictures(const std::string& path, const Tensor& pictures, const PictureShape& shape,
                    std::size_t columns, const data::Scaling& scaling,
                    std::pair<double, double> range = {0, 1});

/// Pictures of a run, from fixed held-out examples and fixed z, so that those of two epochs
/// compare: reconstructions (rows of examples, each above its reconstructions), samples of the
/// prior, and traversals (a row per latent dimension, by decreasing mean KL, in which it goes from
/// -3 to 3).
class Pictures {
 public:
  Pictures(const Model& model, const Examples& held_out, std::uint64_t seed);
  /// Does nothing where examples are no pictures, or the model has no decoder.
  void write(const RunFolder& folder) const;

 private:
  Tensor reconstructions() const;
  Tensor samples() const;
  Tensor traversals() const;

  const Model& model_;
  const Examples& held_out_;
  std::uint64_t seed_;
  std::optional<PictureShape> shape_;
  std::pair<double, double> range_{0, 1};
};

}  // namespace nelbo
