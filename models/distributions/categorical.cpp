#include "models/distributions/categorical.hpp"

#include <limits>

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/linear_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// 0, 1, .., K-1.
Var class_numbers(const Categorical& p) {
  Tensor numbers({p.classes()}, p.logits.dtype());
  for (std::int64_t k = 0; k < p.classes(); ++k) numbers.set({k}, double(k));
  return Tape::current().leaf(numbers);
}

/// x with a last axis of length 1, to be held against all classes.
Var beside_classes(Var x) {
  Shape shape = x.shape();
  shape.push_back(1);
  return reshape(x, shape);
}

}  // namespace

std::int64_t Categorical::classes() const {
  if (logits.shape().rank() < 2) {
    throw Error("categorical: logits " + logits.shape().text() + " are no [.., D, K]");
  }
  return logits.shape()[-1];
}

Var Categorical::log_probabilities() const { return log_softmax(logits, -1); }

Var Categorical::one_hot(Var x) const { return equal(beside_classes(x), class_numbers(*this)); }

Var Categorical::log_prob(Var x) const {
  const Var log_p = where(one_hot(x), log_probabilities(), -infinity);
  return sum(logsumexp(log_p, -1), -1);
}

Var Categorical::sample(Var noise) const {
  const std::int64_t k = classes();
  if (k == 1) return stop(noise * 0.0);
  // P(x <= c) for all classes c but the last, where it is 1.
  Tensor upper({k, k - 1}, logits.dtype());
  for (std::int64_t c = 0; c + 1 < k; ++c) {
    for (std::int64_t i = 0; i <= c; ++i) upper.set({i, c}, 1);
  }
  const Var cumulative = matmul(softmax(stop(logits), -1), Tape::current().leaf(upper));
  return sum(greater_equal(beside_classes(noise), cumulative), -1);
}

Var Categorical::entropy() const {
  const Var log_p = log_probabilities();
  // 0 log 0 = 0; chosen before the product, or its derivative would be 0 times infinity.
  const Var finite = where(equal(log_p, -infinity), 0.0, log_p);
  return -sum(exp(log_p) * finite, {-2, -1});
}

Var Categorical::expectation() const { return sum(softmax(logits, -1) * class_numbers(*this), -1); }

Var Categorical::mode() const {
  const Var fixed = stop(logits);
  const Var largest = greater_equal(fixed, max(fixed, -1, Keep::yes));
  // The smallest number among the largest logits.
  return -max(where(largest, -class_numbers(*this), -infinity), -1);
}

Categorical Categorical::detached() const { return {stop(logits)}; }

}  // namespace nelbo
