#pragma once
// Metrics that come of one estimate, and are resampled together.
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lab/evaluation/disentanglement/evaluation.hpp"

namespace nelbo::disentanglement {

/// A metric without ceiling and floor.
struct Measured {
  std::string name;
  std::string variant;
  Score score;
};

struct ScoreGroup {
  std::vector<std::pair<std::string, std::string>> names;  ///< and variants
  /// All values, of the estimate itself or of a bootstrap replicate.
  std::function<std::vector<double>(std::optional<std::size_t> replicate)> values;
};

/// The values, with bootstrap errors where they are wanted, else NaN.
void measure(const ScoreGroup& group, bool errors, std::vector<Measured>& to);

/// Metrics of points, and their matrices.
struct Measurement {
  std::vector<std::size_t> active;  ///< codes that are not dead
  std::vector<std::size_t> known;   ///< factors that are not missing, of nelbo's own definitions
  std::vector<Measured> metrics;
  std::vector<std::pair<std::string, Matrix>> matrices;
};

/// What `options` say of samples, or what is usual.
std::size_t samples_of(const EvaluationOptions& options);

}  // namespace nelbo::disentanglement
