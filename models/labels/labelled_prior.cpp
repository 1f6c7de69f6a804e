#include "models/labels/labelled_prior.hpp"

#include <cmath>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/labels/labelled_posterior.hpp"

namespace nelbo {

Var LabelledPrior::log_prob(Var z) const {
  const std::int64_t latent = z.shape()[-1] - classes();
  return of_z_->log_prob(contiguous(slice(z, -1, 0, latent))) - std::log(double(classes()));
}

Var LabelledPrior::sample(Var noise) const {
  const std::int64_t own = of_z_->noise_dimensions();
  const int rank = noise.shape().rank();
  // [S, B, ..], also of rows [B, ..].
  const std::int64_t batch = noise.shape()[-2], draws = noise.shape().size() / batch / (own + 2);
  const Var rows = reshape(noise, {draws, batch, own + 2});
  const Tensor alike = Tensor::full({1, classes()}, 0, noise.dtype());
  const Var label = sampled_label(Categorical{Tape::current().leaf(alike)},
                                  contiguous(slice(rows, -1, own, own + 2)));
  const Var z = of_z_->sample(contiguous(slice(rows, -1, 0, own)));
  const Var code = stop(concatenate({z, told_or(told_, label)}, -1));
  return rank == 3 ? code : reshape(code, {batch, code.shape()[-1]});
}

std::optional<Var> LabelledPrior::kl(const Posterior& q) const {
  const LabelledPosterior* const labelled = q.labelled();
  if (labelled == nullptr) return std::nullopt;
  const std::optional<Var> of_each = of_z_->kl(labelled->of_each_label());
  if (!of_each) return std::nullopt;
  const Var c = labelled->label_probabilities();
  const Var by_label =
      transpose(reshape(*of_each, {classes(), c.shape()[0]}));  // [B, K], given each label
  return sum(c * (by_label + labelled->label_log_probabilities()), -1) +
         std::log(double(classes()));
}

}  // namespace nelbo
