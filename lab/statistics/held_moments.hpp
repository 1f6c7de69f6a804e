#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "lab/statistics/moments.hpp"
#include "lab/statistics/projection.hpp"

namespace nelbo::gradvar {

/// A parameter whose variance is below this share of its squared mean varies by rounding: its noise
/// cancels (a linear one on antithetic pairs), and it has no signal-to-noise ratio.
inline constexpr double rounding_variance = 1e-12;

/// What the first half of a study's replicates says of gradients [P], held still while the second half
/// comes: their mean m and variance v, and the means of equal parts of the half, as other directions
/// that such means might have had.
class HeldMoments {
 public:
  HeldMoments(const GradientMoments& half, std::vector<std::vector<float>> part_means);

  std::span<const double> mean() const { return mean_; }
  std::size_t parts() const { return part_means_.size(); }
  /// The length of a part's mean within `ranges`.
  double part_norm(std::size_t part, const Ranges& ranges) const;

  /// Sums over the parameters of `ranges` of one gradient g [P].
  struct Sums {
    double squared_norm;  // |g|^2
    double along;         // m.g
    double deviation;     // |g - m|^2
    double ratio;         // sum_j (m_j / v_j) g_j, over parameters that vary
    double spread;        // sum_j (m_j / v_j)^2 (g_j - m_j)^2, over the same
    double part;          // of the part's mean and g
  };
  Sums sums(std::span<const float> gradient, const Ranges& ranges, std::size_t part) const;
  Sums sums(std::span<const double> gradient, const Ranges& ranges, std::size_t part) const;

 private:
  template <class T>
  Sums sums_of(const T* gradient, const Ranges& ranges, std::size_t part) const;

  std::vector<double> mean_, ratio_;  // m, and m / v or 0 where it does not vary
  std::vector<std::vector<float>> part_means_;
};

}  // namespace nelbo::gradvar
