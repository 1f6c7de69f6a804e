#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "autodiff/parameters.hpp"
#include "lab/training/ranks.hpp"

namespace nelbo {

/// The sum of the gradients of P parts by one binary tree, whoever computes which part: of parts [a, b) it
/// is the sum of the first half's and the second half's, split at a + floor((b - a) / 2). A rank has
/// consecutive parts; the sum of a node is made by the rank that has its first part.
class GradientTree {
 public:
  /// Throws Error unless the number of ranks divides that of parts.
  GradientTree(const ParameterStore& store, std::size_t parts, Ranks& ranks);

  /// Afterwards `gradient` is the sum on every rank, in `ranges` of the store. `one(part, sink)` writes the
  /// gradient of one of this rank's own parts, each asked for once. Does not allocate.
  template <class One>
  void sum(GradientSink& gradient, std::span<const Range> ranges, const One& one) {
    const auto sink = [&](std::size_t level) -> GradientSink& {
      return level == 0 ? gradient : levels_[level - 1];
    };
    add(0, parts_, 0, sink, ranges, one);
    share(gradient, ranges);
  }

 private:
  bool is_own(std::size_t part) const { return ranks_->owner_of(part, parts_) == ranks_->rank(); }
  bool has_own(std::size_t first, std::size_t last) const {
    return ranks_->owner_of(first, parts_) <= ranks_->rank() &&
           ranks_->rank() <= ranks_->owner_of(last - 1, parts_);
  }
  /// The sum of parts [first, last) to the sink of this level, on the rank that has the first.
  template <class Sink, class One>
  void add(std::size_t first, std::size_t last, std::size_t level, const Sink& sink,
           std::span<const Range> ranges, const One& one) {
    if (!has_own(first, last)) return;
    if (last - first == 1) return one(first, sink(level));
    const std::size_t middle = first + (last - first) / 2;
    add(first, middle, level, sink, ranges, one);
    add(middle, last, level + 1, sink, ranges, one);
    join(sink(level), sink(level + 1), first, middle, ranges);
  }
  void join(GradientSink& to, GradientSink& from, std::size_t first, std::size_t middle,
            std::span<const Range> ranges);
  void share(GradientSink& gradient, std::span<const Range> ranges);

  std::size_t parts_;
  Ranks* ranks_;
  std::vector<GradientSink> levels_;
};

}  // namespace nelbo
