#include "models/distributions/kl.hpp"

#include <cmath>
#include <limits>
#include <numbers>

#include "autodiff/error.hpp"
#include "autodiff/ops/density_ops.hpp"
#include "autodiff/ops/linalg_ops.hpp"
#include "autodiff/ops/linear_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/ops/special_ops.hpp"

namespace nelbo {
namespace {

void check_dimensions(const Shape& shape, const StandardNormal& standard) {
  if (shape.rank() < 1 || shape[-1] != standard.dimensions) {
    throw Error("kl: a normal " + shape.text() + " and a standard normal of " +
                std::to_string(standard.dimensions) + " dimensions");
  }
}

/// L^-1 of factors [.., D, D].
Var inverse_factor(Var factor) {
  const std::int64_t d = factor.shape()[-1];
  Tensor identity({d, d}, factor.dtype());
  for (std::int64_t i = 0; i < d; ++i) identity.set({i, i}, 1);
  return triangular_solve(factor, broadcast_to(Tape::current().leaf(identity), factor.shape()));
}

/// tr(S_q^-1 S_p), of the shape that the parameters have without D.
Var trace_ratio(const DiagNormal& p, const DiagNormal& q) {
  return sum(exp(p.log_variance - q.log_variance), -1);
}
Var trace_ratio(const FullNormal& p, const DiagNormal& q) {
  return sum(sum(square(p.factor), -1) * exp(-q.log_variance), -1);
}
Var trace_ratio(const DiagNormal& p, const FullNormal& q) {
  return sum(exp(p.log_variance) * sum(square(inverse_factor(q.factor)), -2), -1);
}
Var trace_ratio(const FullNormal& p, const FullNormal& q) {
  return sum(square(matmul(inverse_factor(q.factor), p.factor)), {-2, -1});
}

}  // namespace

Var kl(const FullNormal& p, const StandardNormal& q) {
  check_dimensions(p.mean.shape(), q);
  const Var squares = sum(square(p.factor), {-2, -1}) + sum(square(p.mean), -1);
  return 0.5 * (squares - double(q.dimensions) - p.log_determinant());
}

Var kl(const Normal& p, const StandardNormal& q) {
  return p.visit([&](const auto& own) { return kl(own, q); });
}

Var kl(const Normal& p, const FullNormal& q) { return -p.entropy() - expected_log_prob(p, q); }

Var expected_log_prob(const Normal& p, const DiagNormal& q) {
  return p.visit([&](const auto& own) { return q.log_prob(own.mean) - 0.5 * trace_ratio(own, q); });
}

Var expected_log_prob(const Normal& p, const FullNormal& q) {
  return p.visit([&](const auto& own) { return q.log_prob(own.mean) - 0.5 * trace_ratio(own, q); });
}

Var kl(const DiagNormal& p, const StandardNormal& q) {
  const Shape shape = broadcast(p.mean.shape(), p.log_variance.shape(), "kl");
  check_dimensions(shape, q);
  return normal_kl_standard(broadcast_to(p.mean, shape), broadcast_to(p.log_variance, shape));
}

Var kl(const DiagNormal& p, const DiagNormal& q) {
  return normal_kl(p.mean, p.log_variance, q.mean, q.log_variance);
}

Var kl(const StandardNormal& p, const DiagNormal& q) {
  check_dimensions(broadcast(q.mean.shape(), q.log_variance.shape(), "kl"), p);
  const Var terms = (1.0 + square(q.mean)) * exp(-q.log_variance) + q.log_variance - 1.0;
  return 0.5 * sum(terms, -1);
}

Var kl(const Bernoulli& p, const Bernoulli& q) {
  // Of logits of the same sign no two large numbers are subtracted.
  return sum(sigmoid(p.logits) * (softplus(-q.logits) - softplus(-p.logits)) +
                 sigmoid(-p.logits) * (softplus(q.logits) - softplus(p.logits)),
             -1);
}

Var kl(const Categorical& p, const Categorical& q) {
  if (p.classes() != q.classes()) {
    throw Error("kl: categorical distributions of " + std::to_string(p.classes()) + " and " +
                std::to_string(q.classes()) + " classes");
  }
  const Var log_p = p.log_probabilities();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  // Where p is 0 so is the term; chosen before the product, or its derivative would be 0 times
  // infinity.
  const Var ratio = where(equal(log_p, -infinity), 0.0, log_p - q.log_probabilities());
  return sum(exp(log_p) * ratio, {-2, -1});
}

Var kl(const Laplace& p, const Laplace& q) {
  // With r = b_p / b_q and t = |d| / b_p: r - 1 - log r + r (exp(-t) - 1) + |d| / b_q.
  const Var distance = abs(p.mean - q.mean);
  const Var log_ratio = p.log_scale - q.log_scale;
  const Var moved = exp(log_ratio) * expm1(-distance * exp(-p.log_scale));
  return sum(expm1(log_ratio) - log_ratio + moved + distance * exp(-q.log_scale), -1);
}

Var kl(const Gamma& p, const Gamma& q) {
  return sum(gamma_divergence(p.log_concentration, q.log_concentration, q.log_rate - p.log_rate),
             -1);
}

Var kl(const Beta& p, const Beta& q) {
  const auto concentrations = [](const Beta& x) {
    const Shape shape = broadcast(x.log_a.shape(), x.log_b.shape(), "kl");
    return stack({broadcast_to(x.log_a, shape), broadcast_to(x.log_b, shape)}, -1);
  };
  return sum(dirichlet_divergence(concentrations(p), concentrations(q)), -1);
}

Var kl(const Dirichlet& p, const Dirichlet& q) {
  const Var c_p = p.log_concentration, c_q = q.log_concentration;
  if (c_p.shape().rank() < 1 || c_q.shape().rank() < 1 || c_p.shape()[-1] != c_q.shape()[-1]) {
    throw Error("kl: Dirichlet distributions of concentrations " + c_p.shape().text() + " and " +
                c_q.shape().text() + "; the last axis must be the same");
  }
  return dirichlet_divergence(c_p, c_q);
}

Var kl(const VonMises& p, const VonMises& q) {
  // E_p of q's distance from its peak, kappa_q (1 - cos), by which nothing cancels.
  const Var kappa = exp(q.log_concentration), spread = circular_variance(exp(p.log_concentration));
  const Var turned = 2.0 * (1.0 - spread) * square(sin(0.5 * (p.mean - q.mean)));
  const Var log_q =
      -(kappa * (spread + turned) + log_bessel_i0e(kappa) + std::log(2 * std::numbers::pi));
  return -p.entropy() - sum(log_q, -1);
}

Var kl(const VonMisesPoints& p, const VonMisesPoints& q) { return kl(p.angles, q.angles); }

Var kl(const DiscretizedLogistic& p, const DiscretizedLogistic& q) {
  return kl(p.over_levels(), q.over_levels());
}

}  // namespace nelbo
