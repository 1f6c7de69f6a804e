#pragma once
#include <string>
#include <vector>

#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

/// Points, and what must be told of them.
struct PointsRead {
  Points points;
  std::vector<std::string> notes;
};

/// Codes and factors of anybody's model. An NPZ archive has
///
///   codes  or  mean and, optionally, log_variance      [N, D]
///   or probabilities       [N, D], or [N, D, C], whose most probable class becomes the code
///   factors  or  factor_values, factor_classes, latents_values or latents_classes      [N, K]
///   factor_names           [K] texts, optional
///
/// of any type of numbers; [N] stands for one column. It may hold more, as what `nelbo encode` writes. A
/// CSV file has a header; columns whose name begins with "factor" are factors, with
/// "log_variance" those of Q(Z|x), and all others codes.
///
/// Throws Error naming file, array and shape: what is missing, does not fit, or is not finite.
PointsRead read_codes(const std::string& path);

/// Leaves out factors of one value, with a note. Throws Error, beginning with `what`, where none
/// remains.
void drop_constant_factors(PointsRead& of, const std::string& what);

}  // namespace nelbo::disentanglement
