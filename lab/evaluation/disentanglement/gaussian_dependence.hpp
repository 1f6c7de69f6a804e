#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "lab/evaluation/disentanglement/jackknife.hpp"
#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

/// How far the normal distribution of a covariance is from independence.
struct GaussianDependence {
  double total_correlation = 0;  ///< (sum_d ln S_dd - ln det S) / 2 nats; infinite of a singular S
  double wasserstein = 0;        ///< W_2^2 = 2 tr S - 2 tr (B S B)^(1/2), B = diag(S)^(1/2); in the
                                 ///< code's unit squared
  double relative_wasserstein = 0;  ///< over tr S
};

/// Of S [n, n]; zeros for n = 0.
GaussianDependence gaussian_dependence(std::span<const double> covariance, std::size_t n);

struct DependenceScores {
  Score total_correlation, wasserstein, relative_wasserstein;
};

/// Of a code's live_dimensions(), with errors by the jackknife (Locatello et al. 2019).
struct CodeDependence {
  std::vector<std::size_t> live;
  DependenceScores means;  ///< covariance of the means
  std::optional<DependenceScores>
      samples;  ///< that and the mean of the variances on the diagonal, the
                ///< covariance of z ~ Q(Z|x); of points with variances
};

/// Lies: dependence beyond correlation counts as none; dependence of means says little where samples are
/// wide.
CodeDependence code_dependence(const Points& points, std::uint64_t seed, Jackknife jackknife = {});

/// The same of a choice of dimensions, none of them constant.
CodeDependence code_dependence(const Points& points, std::span<const std::size_t> dimensions,
                               std::uint64_t seed, Jackknife jackknife = {});

}  // namespace nelbo::disentanglement
