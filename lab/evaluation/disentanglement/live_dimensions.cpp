#include "lab/evaluation/disentanglement/live_dimensions.hpp"

#include <algorithm>
#include <cmath>

namespace nelbo::disentanglement {
namespace {

bool is_constant(TableView codes, std::size_t d) {
  for (std::size_t n = 1; n < codes.rows(); ++n) {
    if (codes(n, d) != codes(0, d)) return false;
  }
  return true;
}

}  // namespace

std::vector<double> mean_kl(const Points& points) {
  std::vector<double> sums(points.dimensions, 0.0);
  for (std::size_t i = 0; i < points.codes.size(); ++i) {
    const double mean = points.codes[i], log_variance = points.log_variances[i];
    sums[i % points.dimensions] += (mean * mean + std::expm1(log_variance) - log_variance) / 2;
  }
  for (double& sum : sums) sum /= double(points.count());
  return sums;
}

std::vector<std::size_t> live_dimensions(const Points& points) {
  std::vector<double> kl;
  if (!points.log_variances.empty()) kl = mean_kl(points);
  std::vector<std::size_t> live;
  for (std::size_t d = 0; d < points.dimensions; ++d) {
    if (!is_constant(points.table(), d) && (kl.empty() || kl[d] > least_kl)) live.push_back(d);
  }
  return live;
}

}  // namespace nelbo::disentanglement
