#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "lab/data/condition.hpp"
#include "lab/data/images.hpp"
#include "lab/data/preprocessing.hpp"
#include "lab/data/scaling.hpp"

namespace nelbo::data {

/// A named part of a data set: "train", "valid", "test", ...
struct Split {
  std::string name;
  Images images;
  std::vector<std::int64_t> labels;  ///< one per example; empty when there are none
  /// The ground truth, as indices [N, factor_names.size()]; empty when unknown.
  std::vector<std::int32_t> factors;
  std::vector<double> factor_values = {};  ///< the same in units of their own; empty when unknown
  std::vector<double> condition =
      {};  ///< numbers [N, K] of the columns that Reading::condition names
};

/// Images in their stored type with what is known about them. Training uses scaled values.
struct Dataset {
  std::string spec;  ///< what the user asked for
  std::string
      format;  ///< "idx", "amat", "npz", "npy", "safetensors", "csv", "sprites" or "gaussian"
  Preprocessing steps = {};  ///< what was done to the examples of all splits
  Scaling scale;             ///< the same for all splits
  Condition condition = {};  ///< of a model of these data; the same for all splits
  std::vector<Split> splits;
  std::vector<std::string> factor_names;   ///< names of the ground-truth factors, when known
  std::vector<std::int32_t> factor_sizes;  ///< how many indices each has
  std::vector<std::string> files;  ///< absolute paths of what was read; empty for generated data
  std::string version;  ///< of generated data: equal texts mean equal data; empty: the values tell
  double validation = 0;           ///< share of the training examples that was held out as `valid`
  std::vector<std::string> notes;  ///< what must be told, e.g. that the test split was held out

  const Split* find(const std::string& name) const;  ///< null when there is none
  /// Throws Error that names the splits there are.
  const Split& split(const std::string& name) const;
  /// The split `train`, or the first where there is none.
  const Split& training() const;
  const std::vector<std::int64_t>& example_shape() const { return splits.front().images.shape(); }
};

/// The rows of a split that `rows` names, with their labels and factors.
Split select(const Split& split, const std::string& name, const std::vector<std::uint32_t>& rows);

/// SHA-256 that identifies the content wherever it lies: of one file what `sha256sum` prints; of
/// several the hash of the lines "<hash>  <file name>"; of generated data the hash of its version, or
/// of all its values.
std::string content_hash(const Dataset& dataset);

/// Lines for a header: counts per split, shape, type, scale, then the notes.
std::vector<std::string> describe(const Dataset& dataset);

}  // namespace nelbo::data
