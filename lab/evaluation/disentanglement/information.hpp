#pragma once
// Mutual information of codes and factors by counting, with its bias and what of it is chance.
#include <cstdint>
#include <functional>
#include <vector>

#include "lab/evaluation/disentanglement/contingency.hpp"
#include "lab/evaluation/disentanglement/matrix.hpp"
#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

/// Codes [D] and factors [K] of the points as classes.
struct CountedPoints {
  std::vector<Classes> codes, factors;
  std::size_t count = 0;  ///< N
  std::size_t bins = 0;   ///< of equal mass, that codes of more values than 200 have
};

/// Values of up to 200 different ones, else bins of equal mass.
CountedPoints counted_points(const Points& points);
/// `bins` bins of equal width, whatever the codes are: disentanglement_lib has 20.
CountedPoints counted_in_equal_widths(const Points& points, std::size_t bins);

/// Plug-in estimates of one weighting of the points, nats.
struct PlugIn {
  Matrix information;                  ///< I(z_d; v_k), [D, K]
  Matrix freedom;                      ///< TableInformation::freedom, [D, K]
  std::vector<double> code_entropy;    ///< H(z_d), [D]
  std::vector<double> factor_entropy;  ///< H(v_k), [K]
};
PlugIn plug_in_information(const CountedPoints& points, PointWeights weights = {});

/// What points whose factors were dealt out anew would show of information: its mean and standard
/// deviation over 20 permutations, and the mean freedom of their tables, [D, K]. The standard
/// deviation is at least that of a chi squared number of that mean, sqrt(mean / N) nats, as so few
/// permutations may by chance agree.
struct Null {
  Matrix mean, deviation, freedom;
};
Null null_information(const CountedPoints& points, std::uint64_t seed);

/// Information without its bias, nats. The plug-in estimate is too high by about (rows - 1) (columns -
/// 1) / 2N where all cells are occupied, and hardly so where a code says all of a factor. Miller
/// (1955) counts the occupied cells; here the mean under the null is taken in proportion to them:
///   bias = null mean (cells - rows - columns + 1) / (the same under the null), from 0 to the null mean.
/// A code none of whose information exceeds its null by 4 standard deviations is dead; a factor of which
/// no code has information that does is missing.
class Information {
 public:
  Information(const Points& points, std::uint64_t seed);

  const CountedPoints& counted() const { return counted_; }
  const PlugIn& plug_in() const { return plug_in_; }
  const Matrix& bias() const { return bias_; }
  /// Numbers of the codes that are not dead, ascending.
  std::vector<std::size_t> active() const { return numbers_of(live_); }
  /// Numbers of the factors that are not missing, ascending.
  std::vector<std::size_t> known() const { return numbers_of(known_); }

  /// What is corrected of plug-in estimates.
  struct Corrected {
    Matrix nats;   ///< [D, K], >= 0; rows of dead codes and columns of missing factors are 0
    Matrix share;  ///< the same over H(v_k); 0 where that is 0
    std::vector<double> code_entropy, factor_entropy;
  };
  /// Of all points.
  Corrected corrected() const { return correct(plug_in_, 1); }
  /// Of resampled points, which have the bias once more.
  Corrected corrected(PointWeights weights) const {
    return correct(plug_in_information(counted_, weights), 2);
  }

 private:
  Corrected correct(const PlugIn& plug_in, double biases) const;
  static std::vector<std::size_t> numbers_of(const std::vector<bool>& chosen);

  CountedPoints counted_;
  PlugIn plug_in_;
  Matrix bias_;
  std::vector<bool> live_;   // of each code
  std::vector<bool> known_;  // of each factor
};

}  // namespace nelbo::disentanglement
