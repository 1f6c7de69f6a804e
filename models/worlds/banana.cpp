#include "models/worlds/banana.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "autodiff/ops.hpp"
#include "models/architectures/head.hpp"
#include "models/distributions/diag_normal.hpp"
#include "models/priors/factorised_priors.hpp"

namespace nelbo {
namespace {

const double log_two_pi = std::log(2 * std::numbers::pi);

using Point = std::array<double, 5>;

Banana::Gaussian gaussian(const Point& p) { return {p[0], p[1], p[2], p[3], p[4]}; }

/// Climbs to a stationary point of f along central differences, with steps that halve and double. Of the
/// point the first `free` numbers move.
template <class F>
double climb(const F& f, Point p, std::size_t free) {
  constexpr double h = 1e-5;
  double best = f(p), rate = 0.1;
  for (int i = 0; i < 5000 && rate > 1e-12; ++i) {
    Point slope{};
    for (std::size_t k = 0; k < free; ++k) {
      Point up = p, down = p;
      up[k] += h;
      down[k] -= h;
      slope[k] = (f(up) - f(down)) / (2 * h);
    }
    Point next = p;
    for (std::size_t k = 0; k < free; ++k) next[k] += rate * slope[k];
    const double value = f(next);
    const bool better = value > best;
    if (better) {
      best = value;
      p = next;
    }
    rate *= better ? 1.5 : 0.5;
  }
  return best;
}

}  // namespace

double Banana::log_evidence(double x) const {
  // Of z_2, normal, nothing is left but variance. The trapezoid rule of a smooth integrand that vanishes
  // at both ends converges faster than any power of the step.
  constexpr double reach = 12, step = 1.0 / 256;
  const double variance = 1 + deviation * deviation;
  double sum = 0;
  for (double z = -reach; z <= reach; z += step) {
    const double residual = x - bend * (z * z - 1);
    sum += std::exp(-z * z / 2 - residual * residual / (2 * variance));
  }
  return std::log(sum * step) - log_two_pi - std::log(variance) / 2;
}

double Banana::elbo(double x, const Gaussian& q) const {
  const double m1 = q.mean_1, m2 = q.mean_2, l1 = std::exp(q.log_diagonal_1),
               l2 = std::exp(q.log_diagonal_2);
  const double v1 = l1 * l1, v2 = q.below * q.below + l2 * l2, c = l1 * q.below;
  // Moments of the residual x - z_2 - bend (z_1^2 - 1).
  const double mean = x - m2 - bend * (m1 * m1 + v1 - 1);
  const double variance = v2 + bend * bend * (2 * v1 * v1 + 4 * m1 * m1 * v1) + 4 * bend * m1 * c;
  const double s2 = deviation * deviation;
  const double log_joint = -1.5 * log_two_pi - (m1 * m1 + m2 * m2 + v1 + v2) / 2 -
                           std::log(s2) / 2 - (mean * mean + variance) / (2 * s2);
  return log_joint + 1 + log_two_pi + q.log_diagonal_1 + q.log_diagonal_2;
}

double Banana::best_gap(double x, Covariance covariance) const {
  const auto value = [&](const Point& p) { return elbo(x, gaussian(p)); };
  const std::size_t free = covariance == Covariance::full ? 5 : 4;
  double best = -INFINITY;
  for (const double m1 : {0.1, 1.5}) {  // the middle of the banana, and an arm of it
    best = std::max(best, climb(value, {m1, x, -0.5, -0.5, 0}, free));
  }
  return log_evidence(x) - best;
}

BananaModel::BananaModel(ParameterStore& store, const PosteriorFamily& posterior,
                         const Banana& banana)
    : store_(&store),
      banana_(banana),
      hidden_(store, "encoder", "phi", 1, std::vector<std::int64_t>{16}, Activation::tanh),
      head_(encoder_head(store, 16, posterior, codes())),
      posterior_(posterior.recorder(codes(), store)) {}

std::shared_ptr<const Posterior> BananaModel::posterior(const Batch& batch) const {
  return posterior_(head_(hidden_(batch.x)));
}

std::shared_ptr<const Prior> BananaModel::prior(std::optional<Var>) const {
  return std::make_shared<StandardNormalPrior>(2);
}

Var BananaModel::log_likelihood(Var z, const Batch& batch) const {
  const Var mean = slice(z, -1, 1, 2) + banana_.bend * (square(slice(z, -1, 0, 1)) - 1);
  return fixed_normal(mean, banana_.deviation * banana_.deviation).log_prob(batch.x);
}

}  // namespace nelbo
