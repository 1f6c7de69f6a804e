#pragma once
// Every metric of codes and factors, each with its error, its ceiling and its floor.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "lab/evaluation/disentanglement/matrix.hpp"
#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

/// Whose definitions the plain names have.
enum class Dialect {
  nelbo,
  disentanglement_lib,  ///< Locatello et al. (2019), defects included
  chen                  ///< Chen et al. (2018): MIG alone, of sampled information
};

struct EvaluationOptions {
  Dialect like = Dialect::nelbo;
  /// Samples of z, or points, of what is not of all points; 0: 10,000.
  std::size_t samples = 0;
  std::uint64_t seed = 0;
};

/// A metric: what it says of the codes, of a perfect code on the same factors, and of noise.
struct Metric {
  std::string name;  ///< "mig", or with a variant behind it: "dci_disentanglement.correlation"
  Score score;
  double ceiling = 0, floor = 0;
  std::string variant;  ///< what was estimated and how
};

struct Evaluation {
  std::size_t count = 0;             ///< N
  std::vector<std::string> factors;  ///< K names
  std::vector<std::size_t> active;   ///< codes that are not dead
  std::vector<Metric> metrics;
  std::vector<std::pair<std::string, Matrix>> matrices;  ///< by name, [D, K]
};

/// Throws Error for no factors, no codes, fewer than 2 points, and Chen's dialect without variances.
Evaluation evaluate(const Points& points, const EvaluationOptions& options);

/// The factors of which a value, or bin, has fewer than 30 points, with the least: "y: 12 points".
std::vector<std::string> rare_values(const Points& points);

}  // namespace nelbo::disentanglement
