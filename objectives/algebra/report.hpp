#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "objectives/algebra/term.hpp"

namespace nelbo {

/// One named quantity of an objective on a draw.
struct ReportLine {
  Quantity quantity;  // its name, equation and unit
  double value;
  /// What it is weighted with in all; nothing where it is the argument of a function.
  std::optional<double> weight;
  /// Of the value as a mean over the data; nothing for a batch of one and for what is no mean over
  /// the data. For pairwise quantities it leaves out how the data's values depend on each other.
  std::optional<double> standard_error;
  Bias bias;  // of the value
};

/// Every named quantity of an objective, in the order of writing, on an eager draw, with its weight
/// at `time`. Values are computed once per draw, however often they are reported. Throws Error
/// where a quantity is not defined on the draw.
std::vector<ReportLine> report(const Term& objective, Draw& draw, const TrainingTime& time = {});

}  // namespace nelbo
