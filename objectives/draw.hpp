#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

#include "autodiff/tape.hpp"
#include "models/distributions/normal.hpp"
#include "models/vae.hpp"

namespace nelbo {

/// One pass encoder -> z -> decoder of a batch, with S samples per datum. Each leaf density is
/// evaluated once, at its first use, however many terms use it.
class Draw {
 public:
  /// x [B, X]: the data; noise [S, B, D]: standard normal numbers, D the latent dimension.
  /// Throws Error if the shapes do not fit the model.
  Draw(const Vae& model, Var x, Var noise);

  std::int64_t samples() const { return noise_.shape()[0]; }
  std::int64_t batch() const { return noise_.shape()[1]; }
  std::int64_t latent() const { return noise_.shape()[2]; }

  /// The encoder's Q(Z|x), with mean [B, D].
  const Normal& posterior() const { return posterior_; }
  /// P0(Z).
  const Prior& prior();
  /// Reparameterised samples of Q(Z|x), [S, B, D].
  Var z();
  /// log P(x|z_s), [S, B], nats.
  Var log_likelihood();
  /// log P0(z_s), [S, B], nats.
  Var log_prior();
  /// log Q(z_s|x), [S, B], nats; from the noise, not from a difference of near-equal numbers.
  Var log_posterior();
  /// KL(Q(Z|x) || P0) in closed form, [B], nats; Zheng eq. (16). Throws Error for a prior that has
  /// none.
  Var kl();

  /// The value of a term, computed at the first call with this key: the term's own node, which the
  /// draw keeps alive, or a later term could be made at its address.
  Var once(const std::shared_ptr<const void>& key, const std::function<Var(Draw&)>& compute);

 private:
  void sample();

  const Vae& model_;
  Var x_;
  Var noise_;
  Normal posterior_;
  std::shared_ptr<const Prior> prior_;
  std::optional<Var> z_, log_posterior_, log_likelihood_, log_prior_, kl_;
  std::unordered_map<std::shared_ptr<const void>, Var> terms_;
};

}  // namespace nelbo
