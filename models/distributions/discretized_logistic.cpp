#include "models/distributions/discretized_logistic.hpp"

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {
namespace {

constexpr double top = DiscretizedLogistic::levels - 1;
constexpr double half_level = 0.5 / top;

/// log P of every x by itself. With F = sigmoid, a and b the standardised upper and lower edges of
/// the level,
///   F(a) - F(b) = F(a) F(-b) (1 - exp(b - a)):
/// a product, whose logarithm is accurate in both tails. An end of the range has no factor for its
/// outer edge.
Var log_mass(Var x, Var mean, Var log_scale) {
  const Var precision = exp(-log_scale);
  const Var at_bottom = less(x, half_level), at_top = greater(x, 1 - half_level);
  const Var upper = (x - mean + half_level) * precision;
  const Var lower = (x - mean - half_level) * precision;
  const Var width = log(-expm1(-2 * half_level * precision));
  return where(at_top, 0.0, -softplus(-upper)) + where(at_bottom, 0.0, -softplus(lower)) +
         where(maximum(at_bottom, at_top), 0.0, width);
}

/// The nearest whole number of x in [0, 255]: at this size neighbouring numbers of the type lie 1
/// apart.
Var round_to_whole(Var x) {
  const double large = x.dtype() == DType::f64 ? 0x1.8p52 : 0x1.8p23;
  return (x + large) - large;
}

Var with_level_axis(Var x) {
  Shape shape = x.shape();
  shape.push_back(1);
  return reshape(x, shape);
}

}  // namespace

Var DiscretizedLogistic::log_masses(Var x) const { return log_mass(x, mean, log_scale); }

Var DiscretizedLogistic::log_prob(Var x) const { return sum(log_masses(x), -1); }

Var DiscretizedLogistic::sample(Var noise) const {
  const Var standard = log(noise) - log1p(-noise);
  const Var x = stop(mean) + exp(stop(log_scale)) * standard;
  return stop(round_to_whole(clamp(top * x, 0, top)) / top);
}

Categorical DiscretizedLogistic::over_levels() const {
  Tensor values({levels}, mean.dtype());
  for (int k = 0; k < levels; ++k) values.set({k}, k / top);
  const Var x = Tape::current().leaf(values);
  return {log_mass(x, with_level_axis(mean), with_level_axis(log_scale))};
}

Var DiscretizedLogistic::expectation() const { return over_levels().expectation() / top; }

Var DiscretizedLogistic::mode() const { return over_levels().mode() / top; }

DiscretizedLogistic DiscretizedLogistic::detached() const { return {stop(mean), stop(log_scale)}; }

}  // namespace nelbo
