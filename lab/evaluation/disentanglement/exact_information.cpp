#include "lab/evaluation/disentanglement/exact_information.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numbers>
#include <vector>

#include "autodiff/threads.hpp"

namespace nelbo::disentanglement {
namespace {

constexpr double reach = 8.5;           // standard deviations: density e^-36 of the peak beyond
constexpr double most_cells = 1 << 24;  // of all densities of a dimension
constexpr double most_terms = 4e9;      // of all sums of a dimension

/// A dimension's normals, and the nodes on which their densities are added up.
struct Dimension {
  std::vector<double> mean, deviation;
  double first = 0, step = 1, terms = 0;
  std::size_t nodes = 0;
};

Dimension dimension_of(const Points& points, std::size_t d) {
  Dimension of;
  double least = INFINITY, greatest = -INFINITY, narrowest = INFINITY, all = 0;
  for (std::size_t n = 0; n < points.count(); ++n) {
    const std::size_t at = n * points.dimensions + d;
    const double mean = points.codes[at], deviation = std::exp(points.log_variances[at] / 2);
    of.mean.push_back(mean);
    of.deviation.push_back(deviation);
    least = std::min(least, mean - reach * deviation);
    greatest = std::max(greatest, mean + reach * deviation);
    narrowest = std::min(narrowest, deviation);
    all += deviation;
  }
  of.first = least;
  of.step = narrowest / 2;
  of.terms = 2 * reach * all / of.step;
  const double nodes = (greatest - least) / of.step + 2;
  of.nodes = nodes < most_cells ? std::size_t(nodes) : 0;
  return of;
}

/// Calls add(node, density) for the nodes near a normal, from its middle outwards: neighbouring
/// densities have ratios that are themselves a geometric sequence.
template <class Add>
void for_each_node(const Dimension& of, std::size_t n, const Add& add) {
  const double mean = of.mean[n], deviation = of.deviation[n], step = of.step / deviation;
  const auto middle = std::int64_t(std::llround((mean - of.first) / of.step));
  const double u = (of.first + double(middle) * of.step - mean) / deviation;
  const double peak = std::exp(-u * u / 2) / (deviation * std::sqrt(2 * std::numbers::pi));
  const auto count = std::int64_t(reach / step);
  const double shrink = std::exp(-step * step);
  for (const int side : {1, -1}) {
    double density = peak, ratio = std::exp(-step * (side * u + step / 2));
    for (std::int64_t i = side > 0 ? 0 : 1; i <= count; ++i) {
      if (i > 0) density *= ratio, ratio *= shrink;
      const std::int64_t node = middle + side * i;
      if (node >= 0 && node < std::int64_t(of.nodes)) add(std::size_t(node), density);
    }
  }
}

/// I(z_d; v_k) of all factors.
std::vector<double> information_of(const Points& points, const Dimension& of) {
  const std::size_t nodes = of.nodes, count = points.count();
  std::vector<double> joint, information;
  for (const Factor& factor : points.factors) {
    std::vector<double> share(std::size_t(factor.size), 0.0), total(nodes, 0.0);
    joint.assign(share.size() * nodes, 0.0);  // p(v) q(z | v)
    for (std::size_t n = 0; n < count; ++n) {
      const auto v = std::size_t(factor.classes[n]);
      share[v] += 1 / double(count);
      double* const to = joint.data() + v * nodes;
      for_each_node(of, n,
                    [&](std::size_t node, double density) { to[node] += density / double(count); });
    }
    for (std::size_t v = 0; v < share.size(); ++v) {
      for (std::size_t i = 0; i < nodes; ++i) total[i] += joint[v * nodes + i];
    }
    double sum = 0;
    for (std::size_t v = 0; v < share.size(); ++v) {
      for (std::size_t i = 0; i < nodes; ++i) {
        const double density = joint[v * nodes + i];
        if (density > 0) sum += density * std::log(density / (share[v] * total[i]));
      }
    }
    information.push_back(std::max(0.0, sum * of.step));
  }
  return information;
}

}  // namespace

std::optional<Matrix> exact_information(const Points& points) {
  std::size_t classes = 1;
  for (const Factor& factor : points.factors) {
    classes = std::max(classes, std::size_t(factor.size));
  }
  Matrix all(points.dimensions, points.factors.size());
  std::atomic<bool> too_much = false;
  parallel_for(points.dimensions, [&](std::size_t d) {
    const Dimension of = dimension_of(points, d);
    if (of.nodes == 0 || double(of.nodes) * double(classes) > most_cells ||
        of.terms * double(points.factors.size()) > most_terms) {
      too_much = true;
      return;
    }
    const std::vector<double> information = information_of(points, of);
    for (std::size_t k = 0; k < information.size(); ++k) all(d, k) = information[k];
  });
  if (too_much) return std::nullopt;
  return all;
}

}  // namespace nelbo::disentanglement
