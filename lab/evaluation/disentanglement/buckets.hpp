#pragma once
// Points drawn at random with a factor held fixed.
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

/// The points of a factor by its class. Whoever holds a factor fixed on a full grid draws the others
/// uniformly; drawing from the points of the same class does just that, and is possible for any points.
class Buckets {
 public:
  /// Throws Error, naming the factor, where nothing can be learned from it: all points have one class, or
  /// no two points share one.
  explicit Buckets(const Factor& factor);

  /// Points whose class another point has too, ascending.
  std::span<const std::uint32_t> shared() const { return shared_; }
  /// All points of the class of point n.
  std::span<const std::uint32_t> like(std::uint32_t n) const;

 private:
  const Factor& factor_;
  std::vector<std::uint32_t> shared_;
  std::vector<std::uint32_t> members_;  // [N], class after class
  std::vector<std::size_t> first_;      // [m_k + 1], where classes begin in members_
};

/// Those of all factors. Throws Error where the points have no factor.
std::vector<Buckets> buckets_of(const Points& points);

/// The element that a number u of (0, 1) chooses.
inline std::uint32_t chosen(std::span<const std::uint32_t> among, double u) {
  return among[std::min(std::size_t(u * double(among.size())), among.size() - 1)];
}

}  // namespace nelbo::disentanglement
