#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/tensor.hpp"
#include "lab/data/examples.hpp"
#include "lab/data/picture_shape.hpp"
#include "lab/training/run_folder.hpp"
#include "models/model.hpp"

namespace nelbo {

/// Why a run has no pictures, or "": its examples are none, or its model has none of a code.
std::string why_no_pictures(const Model& model, const std::vector<std::int64_t>& example);

/// Writes N pictures [N, X] of a model, brought back to the units of the data, `columns` to a row, as one
/// PNG, grey or in colour, in which `range` goes from 0 to the full brightness of a channel.
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
