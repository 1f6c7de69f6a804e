// What the tests know of the pairwise log-densities: plain loops, and broadcast densities.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/pairwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/registry/rows.hpp"

namespace nelbo {
namespace {

using Vars = std::vector<Var>;
using Tensors = std::vector<Tensor>;

constexpr double infinity = std::numeric_limits<double>::infinity();

Vars list(const PairwiseLogProb& p, const PairwiseRequest& request) {
  Vars all;
  if (request.joint) all.push_back(p.joint);
  if (request.marginals) all.push_back(p.marginals);
  if (!request.groups.empty()) all.push_back(p.groups);
  return all;
}

double weight_of(const PairwiseWeights& w, std::int64_t b, std::int64_t n, std::int64_t batch) {
  return n == b ? w.own : n == (b + 1) % batch ? w.stand_in : w.other;
}

/// From broadcast normal densities [S, B, N, D].
Vars composed(const Vars& x, const PairwiseWeights& w, const PairwiseRequest& request) {
  Shape shape = x[0].shape();
  const std::int64_t dims = shape[-1], batch = shape[-2], n = x[1].shape()[0];
  shape[-1] = 1;
  shape.push_back(dims);
  Tensor weights({batch, n}, x[0].dtype() == DType::f64 ? DType::f64 : DType::f32);
  dispatch(weights.dtype(), [&](auto t) {
    for (std::int64_t i = 0; i < weights.size(); ++i) {
      weights.data_as<decltype(t)>()[i] = decltype(t)(weight_of(w, i / n, i % n, batch));
    }
  });
  const Var log_weights = x[0].tape().leaf(weights);
  const double log_two_pi = std::log(2 * std::numbers::pi);
  const Var terms = -0.5 * (square(reshape(x[0], shape) - x[1]) * exp(-x[2]) + x[2] + log_two_pi);
  Vars all;
  if (request.joint) all.push_back(logsumexp(sum(terms, -1) + log_weights, -1));
  if (request.marginals) {
    all.push_back(logsumexp(terms + reshape(log_weights, {batch, n, 1}), -2));
  }
  Vars groups;
  for (const std::vector<int>& group : request.groups) {
    Var in_group = x[0].tape().constant(0, x[0].dtype());
    for (int d : group) in_group = in_group + sum(slice(terms, -1, d, d + 1), -1);
    groups.push_back(logsumexp(in_group + log_weights, -1, Keep::yes));
  }
  if (!groups.empty()) all.push_back(concatenate(groups, -1));
  return all;
}

/// Plain loops over all pairs.
Tensors reference(const Tensors& x, const PairwiseWeights& w, const PairwiseRequest& request) {
  const Shape& shape = x[0].shape();
  const std::int64_t dims = shape[-1], batch = shape[-2], count = shape.size() / dims;
  const std::int64_t components = x[1].shape()[0];
  const double *z = x[0].data_as<double>(), *m = x[1].data_as<double>();
  const double* v = x[2].data_as<double>();
  std::vector<std::vector<int>> sets(1);
  for (int d = 0; d < dims; ++d) sets[0].push_back(d);
  if (!request.joint) sets.clear();
  for (int d = 0; d < dims && request.marginals; ++d) sets.push_back({d});
  sets.insert(sets.end(), request.groups.begin(), request.groups.end());
  const auto log_density = [&](std::int64_t i, const std::vector<int>& set) {
    std::vector<double> terms;
    for (std::int64_t n = 0; n < components; ++n) {
      double t = weight_of(w, i % batch, n, batch);
      for (int d : set) {
        const double e = z[i * dims + d] - m[n * dims + d], lv = v[n * dims + d];
        t -= 0.5 * (e * e * std::exp(-lv) + lv + std::log(2 * std::numbers::pi));
      }
      terms.push_back(t);
    }
    const double top = *std::max_element(terms.begin(), terms.end());
    double sum = 0;
    for (double t : terms) sum += std::exp(t - top);
    return top + std::log(sum);
  };
  const auto values = [&](Shape s, std::size_t begin, std::size_t end) {
    Tensor y(s, DType::f64);
    double* to = y.data_as<double>();
    for (std::int64_t i = 0; i < count; ++i) {
      for (std::size_t k = begin; k < end; ++k) *to++ = log_density(i, sets[k]);
    }
    return y;
  };
  Tensors all;
  const Shape rows(shape.dims().first(shape.rank() - 1));
  std::size_t k = 0;
  if (request.joint) all.push_back(values(rows, 0, k = 1));
  if (request.marginals) {
    all.push_back(values(shape, k, k + dims));
    k += dims;
  }
  if (!request.groups.empty()) {
    Shape s = rows;
    s.push_back(std::int64_t(request.groups.size()));
    all.push_back(values(s, k, sets.size()));
  }
  return all;
}

}  // namespace

std::vector<OperatorRow> pairwise_rows() {
  std::vector<OperatorRow> all;
  const auto add = [&](const char* variant, PairwiseWeights w, PairwiseRequest request,
                       std::vector<std::array<Shape, 2>> shapes) {
    OperatorRow row;
    row.name = "pairwise_normal_log_prob";
    row.variant = variant;
    row.apply = [=](const Vars& x) {
      return list(pairwise_normal_log_prob(x[0], x[1], x[2], w, request), request);
    };
    row.composed = [=](const Vars& x) { return composed(x, w, request); };
    row.reference = [=](const Tensors& x) { return reference(x, w, request); };
    for (const auto& [z, mean] : shapes) {
      row.samples.push_back({{.shape = z}, {.shape = mean}, {.shape = mean}});
    }
    row.tolerance_f32 = 3e-6;
    row.tolerance_f64 = 1e-13;
    all.push_back(std::move(row));
  };
  const double n = std::log(9.0);
  add("all alike", {-n}, {true, true, {{4, 0}, {2}}},
      {{Shape{2, 3, 5}, Shape{9, 5}},
       {Shape{35, 6}, Shape{50, 6}},
       {Shape{1, 5}, Shape{1, 5}},
       {Shape{0, 5}, Shape{2, 5}}});
  add("joint", {-n}, {true}, {{Shape{17, 3}, Shape{33, 3}}, {Shape{1, 1, 1}, Shape{1, 1}}});
  add("marginals", {-n}, {false, true}, {{Shape{17, 3}, Shape{33, 3}}});
  add("groups", {-n}, {false, false, {{1}, {2, 0}}}, {{Shape{17, 4}, Shape{33, 4}}});
  add("leave-one-out", {-n, -infinity}, {true, true, {{0, 1}}},
      {{Shape{2, 2}, Shape{2, 2}}, {Shape{3, 19, 3}, Shape{19, 3}}});
  add("own and stand-in", {-3, -1, -2}, {true, true, {{1}}},
      {{Shape{1, 2}, Shape{1, 2}}, {Shape{2, 37, 2}, Shape{37, 2}}, {Shape{5, 3, 3}, Shape{3, 3}}});
  add("own only", {-infinity, 0}, {true, true}, {{Shape{2, 35, 3}, Shape{35, 3}}});
  return all;
}

}  // namespace nelbo
