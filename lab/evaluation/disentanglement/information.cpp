#include "lab/evaluation/disentanglement/information.hpp"

#include <algorithm>
#include <cmath>

#include "autodiff/random_variables.hpp"
#include "autodiff/threads.hpp"
#include "lab/statistics/mean_and_error.hpp"

namespace nelbo::disentanglement {
namespace {

constexpr std::size_t permutations = 20;
constexpr double deviations_of_life = 4;

std::vector<double> column_of(const Points& points, std::size_t d) {
  std::vector<double> column(points.count());
  for (std::size_t n = 0; n < column.size(); ++n) {
    column[n] = points.codes[n * points.dimensions + d];
  }
  return column;
}

template <class Bin>
CountedPoints counted(const Points& points, const Bin& bin) {
  CountedPoints all;
  all.count = points.count();
  all.codes.resize(points.dimensions);
  parallel_for(points.dimensions, [&](std::size_t d) { all.codes[d] = bin(column_of(points, d)); });
  for (const Factor& factor : points.factors) {
    all.factors.push_back({.of = {factor.classes.begin(), factor.classes.end()},
                           .count = std::size_t(factor.size),
                           .exact = !factor.continuous});
  }
  return all;
}

/// The factors of other points.
CountedPoints permuted(const CountedPoints& points, std::uint64_t seed, std::size_t permutation) {
  CountedPoints all{.codes = points.codes, .factors = points.factors, .count = points.count};
  std::vector<std::uint32_t> order(points.count);
  fill_permutation(order.data(), order.size(), random_variables::disentangle_null.of(seed),
                   permutation);
  for (std::size_t k = 0; k < all.factors.size(); ++k) {
    for (std::size_t n = 0; n < order.size(); ++n) {
      all.factors[k].of[n] = points.factors[k].of[order[n]];
    }
  }
  return all;
}

}  // namespace

CountedPoints counted_points(const Points& points) {
  std::size_t most = 1;
  for (const Factor& factor : points.factors) most = std::max(most, std::size_t(factor.size));
  const std::size_t bins = equal_mass_bins(points.count(), most);
  CountedPoints all = counted(
      points, [&](const std::vector<double>& column) { return exact_or_equal_mass(column, bins); });
  all.bins = bins;
  return all;
}

CountedPoints counted_in_equal_widths(const Points& points, std::size_t bins) {
  return counted(points,
                 [&](const std::vector<double>& column) { return equal_width(column, bins); });
}

PlugIn plug_in_information(const CountedPoints& points, PointWeights weights) {
  const std::size_t D = points.codes.size(), K = points.factors.size();
  PlugIn all{.information = Matrix(D, K),
             .freedom = Matrix(D, K),
             .code_entropy = std::vector<double>(D, 0.0),
             .factor_entropy = std::vector<double>(K, 0.0)};
  std::vector<std::uint32_t> counts;
  for (std::size_t d = 0; d < D; ++d) {
    for (std::size_t k = 0; k < K; ++k) {
      const TableInformation of =
          count_information(points.codes[d], points.factors[k], weights, counts);
      all.information(d, k) = of.information;
      all.freedom(d, k) = of.freedom;
      all.code_entropy[d] = of.row_entropy;
      all.factor_entropy[k] = of.entropy;
    }
  }
  return all;
}

Null null_information(const CountedPoints& points, std::uint64_t seed) {
  std::vector<PlugIn> chance(permutations);
  parallel_for(permutations,
               [&](std::size_t p) { chance[p] = plug_in_information(permuted(points, seed, p)); });
  const std::size_t D = points.codes.size(), K = points.factors.size();
  Null null{.mean = Matrix(D, K), .deviation = Matrix(D, K), .freedom = Matrix(D, K)};
  for (std::size_t d = 0; d < D; ++d) {
    for (std::size_t k = 0; k < K; ++k) {
      RunningMean information, freedom;
      for (const PlugIn& one : chance) {
        information.add(one.information(d, k));
        freedom.add(one.freedom(d, k));
      }
      const double mean = information.result().mean;
      null.mean(d, k) = mean;
      null.deviation(d, k) =
          std::sqrt(std::max(information.variance(), std::max(mean, 0.0) / double(points.count)));
      null.freedom(d, k) = freedom.result().mean;
    }
  }
  return null;
}

Information::Information(const Points& points, std::uint64_t seed)
    : counted_(counted_points(points)),
      plug_in_(plug_in_information(counted_)),
      bias_(points.dimensions, points.factors.size()),
      live_(points.dimensions, false),
      known_(points.factors.size(), false) {
  const Null null = null_information(counted_, seed);
  for (std::size_t d = 0; d < bias_.rows(); ++d) {
    for (std::size_t k = 0; k < bias_.columns(); ++k) {
      const double cells = null.freedom(d, k);
      const double share = cells > 0 ? std::clamp(plug_in_.freedom(d, k) / cells, 0.0, 1.0) : 0;
      bias_(d, k) = share * null.mean(d, k);
      const double excess = plug_in_.information(d, k) - null.mean(d, k);
      // A constant code has neither information nor null: rounding is no sign of life.
      if (excess > deviations_of_life * null.deviation(d, k) && excess > 1e-9) {
        live_[d] = known_[k] = true;
      }
    }
  }
}

std::vector<std::size_t> Information::numbers_of(const std::vector<bool>& chosen) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (chosen[i]) all.push_back(i);
  }
  return all;
}

Information::Corrected Information::correct(const PlugIn& plug_in, double biases) const {
  const std::size_t D = bias_.rows(), K = bias_.columns();
  Corrected all{.nats = Matrix(D, K),
                .share = Matrix(D, K),
                .code_entropy = plug_in.code_entropy,
                .factor_entropy = plug_in.factor_entropy};
  for (std::size_t d = 0; d < D; ++d) {
    if (!live_[d]) continue;
    for (std::size_t k = 0; k < K; ++k) {
      if (!known_[k]) continue;
      all.nats(d, k) = std::max(0.0, plug_in.information(d, k) - biases * bias_(d, k));
      if (plug_in.factor_entropy[k] > 0) {
        all.share(d, k) = all.nats(d, k) / plug_in.factor_entropy[k];
      }
    }
  }
  return all;
}

}  // namespace nelbo::disentanglement
