#include "models/labels/labelled_posterior.hpp"

#include <utility>

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {
namespace {

/// Columns from .. to - 1 of the last axis.
Var columns(Var x, std::int64_t from, std::int64_t to) {
  return contiguous(slice(x, -1, from, to));
}

/// [S, B, L] as [S, K B, L], each datum's row once for every label.
Var for_every_label(Var z, std::int64_t classes) {
  const std::int64_t draws = z.shape()[0], batch = z.shape()[1], numbers = z.shape()[2];
  const Var apart = reshape(z, {draws, 1, batch, numbers});
  return reshape(contiguous(broadcast_to(apart, {draws, classes, batch, numbers})),
                 {draws, classes * batch, numbers});
}

}  // namespace

Var told_labels(Var rows) { return maximum(rows, 0.0); }

Var known_labels(Var rows) { return abs(rows); }

Var told_or(Var told, Var labels) { return told + (1.0 - sum(told, -1, Keep::yes)) * labels; }

Var with_every_label(Var x, std::int64_t classes) {
  const std::int64_t batch = x.shape()[0], numbers = x.shape()[1];
  return reshape(for_every_label(reshape(x, {1, batch, numbers}), classes),
                 {classes * batch, numbers});
}

Var every_label(std::int64_t batch, std::int64_t classes, DType dtype) {
  Tensor rows({classes, 1, classes}, dtype);
  for (std::int64_t k = 0; k < classes; ++k) rows.set({k, 0, k}, 1);
  const Var apart = Tape::current().leaf(rows);
  return reshape(contiguous(broadcast_to(apart, {classes, batch, classes})),
                 {classes * batch, classes});
}

Var sampled_label(const Categorical& label, Var noise) {
  // Half the sum of two squares is exponential, so that this is uniform.
  const Var uniform = exp(sum(square(noise), -1, Keep::yes) * -0.5);
  const Var rows = label.one_hot(label.sample(stop(uniform)));  // [S, B, 1, K]
  return reshape(rows, {noise.shape()[0], noise.shape()[1], label.classes()});
}

LabelledPosterior::LabelledPosterior(Var logits, Var told,
                                     std::shared_ptr<const Posterior> of_each_label)
    : label_{reshape(logits, {logits.shape()[0], 1, logits.shape()[1]})},
      told_(told),
      classifier_(log_softmax(logits, -1)),
      probabilities_(told_or(told, exp(classifier_))),
      log_probabilities_(classifier_ * (1.0 - sum(told, -1, Keep::yes))),
      of_each_label_(std::move(of_each_label)) {
  if (of_each_label_->has_rsample()) return;
  throw Error("a label is summed over codes that are reparameterised given it, and those of a " +
              of_each_label_->family() + " posterior are not; choose the posterior diagonal");
}

Var LabelledPosterior::of_label(Var values, Var c) const {
  const std::int64_t draws = values.shape()[0];
  const std::int64_t numbers = values.shape().rank() == 3 ? values.shape()[2] : 1;
  const Var by_label = reshape(values, {draws, classes(), data(), numbers});
  const Var weights = reshape(transpose(c), {c.shape()[0], classes(), data(), 1});
  const Var chosen = sum(by_label * weights, 1);
  return values.shape().rank() == 3 ? chosen : reshape(chosen, {draws, data()});
}

PosteriorSample LabelledPosterior::draw(Var noise) const {
  const std::int64_t latent = noise.shape()[-1] - classes();
  const Var c = told_or(told_, sampled_label(label_, columns(noise, latent, latent + 2)));
  const PosteriorSample of_each =
      of_each_label_->draw(for_every_label(columns(noise, 0, latent), classes()));
  const Var code = stop(concatenate({of_label(of_each.z, c), c}, -1));
  return {code, log_prob(code)};
}

Var LabelledPosterior::log_prob(Var z) const {
  const std::int64_t latent = z.shape()[-1] - classes();
  const Var c = columns(z, latent, z.shape()[-1]);
  const Var of_each = of_each_label_->log_prob(for_every_label(columns(z, 0, latent), classes()));
  return of_label(of_each, c) + sum(c * log_probabilities_, -1);
}

LabelledPosterior::EveryLabel LabelledPosterior::every_label(Var noise) const {
  const std::int64_t draws = noise.shape()[0], batch = data(), k = classes();
  const std::int64_t latent = noise.shape()[-1] - k;
  const PosteriorSample own = of_each_label_->draw(for_every_label(columns(noise, 0, latent), k));
  const Var labels = reshape(nelbo::every_label(batch, k, noise.dtype()), {1, k, batch, k});
  const Var c = contiguous(broadcast_to(labels, {draws, k, batch, k}));
  // Of [B, K] every draw's, [S K, B].
  const auto of_draws = [&](Var of_labels) {
    const Var by_label = reshape(contiguous(transpose(of_labels)), {1, k, batch});
    return reshape(contiguous(broadcast_to(by_label, {draws, k, batch})), {draws * k, batch});
  };
  const Var z = reshape(own.z, {draws * k, batch, latent});
  const Var log_q = reshape(own.log_prob, {draws * k, batch});
  return {{concatenate({z, reshape(c, {draws * k, batch, k})}, -1),
           log_q + of_draws(log_probabilities_)},
          of_draws(probabilities_) * (1 / double(draws))};
}

Var LabelledPosterior::expectation() const {
  const Var means = of_each_label_->expectation();
  const Var one = reshape(means, {1, means.shape()[0], means.shape()[1]});
  const Var c = reshape(probabilities_, {1, data(), classes()});
  return concatenate({reshape(of_label(one, c), {data(), means.shape()[1]}), probabilities_}, -1);
}

Var LabelledPosterior::most_probable_label() const {
  return reshape(label_.one_hot(label_.mode()), {data(), classes()});
}

Var LabelledPosterior::mode() const {
  const Var modes = of_each_label_->mode();
  const Var one = reshape(modes, {1, modes.shape()[0], modes.shape()[1]});
  const Var c = told_or(told_, most_probable_label());
  const Var z = of_label(one, reshape(c, {1, data(), classes()}));
  return concatenate({reshape(z, {data(), modes.shape()[1]}), c}, -1);
}

}  // namespace nelbo
