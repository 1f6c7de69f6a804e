#pragma once
#include <string>
#include <utility>
#include <vector>

namespace nelbo::data {

/// What is asked of a file beside its examples.
struct Reading {
  std::string label;  ///< what is its labels (labels.hpp)
  /// Columns of a table, or arrays [N] or [N, K] of an archive, that are no features but what a model is
  /// conditioned on (condition.hpp).
  std::vector<std::string> condition = {};

  /// Whether entries may be missing: NaN, in a table also an empty field and NA, and what an archive's
  /// array `mask`, of the shape of the examples, has 0 for. They are NaN then, others are refused.
  bool missing = false;

  Reading(std::string label = "", std::vector<std::string> condition = {},  // NOLINT: implicit
          bool missing = false)
      : label(std::move(label)), condition(std::move(condition)), missing(missing) {}
  Reading(const char* label) : label(label) {}  // NOLINT: implicit
};

}  // namespace nelbo::data
