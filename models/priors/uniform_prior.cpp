#include "models/priors/uniform_prior.hpp"

#include <cmath>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/priors/check_dimensions.hpp"

namespace nelbo {

Var UniformPrior::marginal_log_prob(Var z) const {
  check_dimensions(*this, z, noise_dimensions());
  Shape shape = z.shape();
  shape[-1] = codes_.variables;
  const double log_p = -std::log(double(codes_.values()));
  return broadcast_to(Tape::current().constant(log_p, z.dtype()), shape);
}

Var UniformPrior::log_prob(Var z) const { return sum(marginal_log_prob(z), -1); }

Var UniformPrior::sample(Var noise) const {
  check_dimensions(*this, noise, noise_dimensions());
  if (codes_.kind == CodeSpace::Kind::binary) return Bernoulli{stop(noise)}.mode();
  Shape rows = noise.shape();
  rows[-1] = codes_.variables;
  rows.push_back(codes_.classes);
  return OneHotCategorical{reshape(stop(noise), rows)}.mode();
}

std::optional<Var> UniformPrior::kl(const Posterior& q) const {
  return double(codes_.variables) * std::log(double(codes_.values())) - q.entropy();
}

}  // namespace nelbo
