#include "models/distributions/full_normal.hpp"

#include <cmath>
#include <numbers>

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/linalg_ops.hpp"
#include "autodiff/ops/linear_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {
namespace {

const double log_two_pi = std::log(2 * std::numbers::pi);

/// The axes in front of the last `event` ones.
Shape leading(const Shape& shape, int event) {
  return Shape(shape.dims().first(std::size_t(shape.rank() - event)));
}

Shape joined(Shape front, std::initializer_list<std::int64_t> back) {
  for (const std::int64_t dim : back) front.push_back(dim);
  return front;
}

bool ends_with(const Shape& shape, const Shape& end) {
  const int skipped = shape.rank() - end.rank();
  for (int i = 0; skipped >= 0 && i < end.rank(); ++i) {
    if (shape[skipped + i] != end[i]) return false;
  }
  return skipped >= 0;
}

/// Vectors [E.., F.., D] as columns [F.., D, E] beside matrices [F.., D, D], so that one solve or
/// product serves all E vectors of a matrix; and back.
struct Columns {
  Var factor;   // [F.., D, D]
  Shape batch;  // [E.., F..]
  std::int64_t e, f, d;

  Columns(Var l, const Shape& vectors, const char* op) : factor(l), d(vectors[-1]) {
    batch = broadcast(leading(vectors, 1), leading(l.shape(), 2), op);
    if (!ends_with(batch, leading(l.shape(), 2))) factor = broadcast_to(l, joined(batch, {d, d}));
    f = leading(factor.shape(), 2).size();
    e = f > 0 ? batch.size() / f : 0;
    factor = reshape(contiguous(factor), {f, d, d});
  }
  Var columns(Var x) const {
    const Var all = contiguous(broadcast_to(x, joined(batch, {d})));
    return permute(reshape(all, {e, f, d}), {1, 2, 0});
  }
  /// [F, D, E] to [E.., F.., D].
  Var vectors(Var x) const {
    return reshape(contiguous(permute(x, {2, 0, 1})), joined(batch, {d}));
  }
  /// [F, D, E] to [E.., F..]: squared lengths.
  Var squares(Var x) const { return reshape(contiguous(transpose(sum(square(x), -2))), batch); }
};

void check_axes(const FullNormal& q, const char* op) {
  const Shape &mean = q.mean.shape(), &factor = q.factor.shape();
  if (mean.rank() >= 1 && factor.rank() >= 2 && factor[-1] == mean[-1] && factor[-2] == mean[-1]) {
    return;
  }
  throw Error(std::string(op) + ": mean " + mean.text() + " and factor " + factor.text() +
              " are no [.., D] and [.., D, D]");
}

}  // namespace

Var FullNormal::log_determinant() const { return nelbo::log_determinant(factor); }

Var FullNormal::log_prob(Var x) const {
  const char* op = "full_normal log_prob";
  check_axes(*this, op);
  const Shape shape = broadcast(x.shape(), mean.shape(), op);
  const Columns to(factor, shape, op);
  const Var white = triangular_solve(to.factor, to.columns(x - mean));
  return -0.5 * (to.squares(white) + log_determinant() + double(to.d) * log_two_pi);
}

Var FullNormal::rsample(Var noise) const {
  const char* op = "full_normal rsample";
  check_axes(*this, op);
  const Columns to(factor, broadcast(noise.shape(), mean.shape(), op), op);
  return mean + to.vectors(matmul(to.factor, to.columns(noise)));
}

NormalSample FullNormal::rsample_log_prob(Var noise) const {
  const Var z = rsample(noise);
  const Var squares = sum(square(noise), -1);
  return {z, -0.5 * (squares + log_determinant() + double(noise.shape()[-1]) * log_two_pi)};
}

Var FullNormal::sample(Var noise) const { return stop(rsample(noise)); }

Var FullNormal::entropy() const {
  check_axes(*this, "full_normal entropy");
  const Shape batch =
      broadcast(leading(mean.shape(), 1), leading(factor.shape(), 2), "full_normal entropy");
  const double constant = double(mean.shape()[-1]) * (log_two_pi + 1);
  return 0.5 * (broadcast_to(log_determinant(), batch) + constant);
}

FullNormal FullNormal::detached() const { return {stop(mean), stop(factor)}; }

DiagNormal FullNormal::marginals() const { return {mean, log(sum(square(factor), -1))}; }

FullNormal given_normal(const Tensor& mean, const Tensor& covariance) {
  const std::int64_t d = mean.shape().rank() == 1 ? mean.size() : 0;
  if (d < 1 || !(covariance.shape() == Shape{d, d})) {
    throw Error("normal: mean " + mean.shape().text() + " and covariance " +
                covariance.shape().text() + " are no [D] and [D, D]");
  }
  for (const double m : mean.values()) {
    if (!std::isfinite(m)) throw Error("normal: a mean that is not finite");
  }
  Tensor lower({d, d}, DType::f64);
  for (std::int64_t i = 0; i < d; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) {
      const double a = covariance.at({i, j}), b = covariance.at({j, i});
      const std::string where = " at (" + std::to_string(i) + ", " + std::to_string(j) + ")";
      if (!std::isfinite(a) || !std::isfinite(b)) {
        throw Error("normal: covariance is not finite" + where);
      }
      if (std::fabs(a - b) > 1e-5 * (std::fabs(a) + std::fabs(b))) {
        throw Error("normal: covariance is not symmetric: " + std::to_string(a) + where + " and " +
                    std::to_string(b) + " across the diagonal");
      }
      double sum = 0.5 * (a + b);
      for (std::int64_t k = 0; k < j; ++k) sum -= lower.at({i, k}) * lower.at({j, k});
      if (i == j && !(sum > 0)) {
        throw Error("normal: covariance is not positive definite (row " + std::to_string(i) + ")");
      }
      lower.set({i, j}, i == j ? std::sqrt(sum) : sum / lower.at({j, j}));
    }
  }
  Tape& tape = Tape::current();
  return {tape.leaf(mean), tape.leaf(lower.cast(mean.dtype()))};
}

}  // namespace nelbo
