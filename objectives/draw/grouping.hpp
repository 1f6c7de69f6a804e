#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace nelbo {

/// Sets of latent dimensions, disjoint.
using DimensionGroups = std::vector<std::vector<int>>;

/// A partition of the latent dimensions into groups, for two-level decompositions (Esmaeili et al.
/// 2019).
class Grouping {
 public:
  /// `groups` contiguous ones of equal size.
  static Grouping equal(std::int64_t groups);
  /// Groups of dimensions, counted from 0.
  explicit Grouping(DimensionGroups sets) : sets_(std::move(sets)) {}

  /// The groups of D dimensions. Throws Error unless they are a partition of 0 .. D-1.
  DimensionGroups of(std::int64_t latent) const;
  /// "2" or "[[0,1],[2,3]]".
  std::string text() const;

 private:
  std::int64_t count_ = 0;  // > 0: equal groups
  DimensionGroups sets_;
};

}  // namespace nelbo
