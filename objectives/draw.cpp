#include "objectives/draw.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"

namespace nelbo {

Draw::Draw(const Vae& model, Var x, Var noise)
    : model_(model), x_(x), noise_(noise), posterior_(model.posterior(x)) {
  const Shape expected{noise.shape()[0], x.shape()[0], model.latent()};
  if (!(noise.shape() == expected)) {
    throw Error("draw: noise " + noise.shape().text() + " for data " + x.shape().text() +
                "; expected [S, B, D] = " + expected.text());
  }
}

const Prior& Draw::prior() {
  if (!prior_) prior_ = model_.prior();
  return *prior_;
}

void Draw::sample() {
  const auto sample = posterior_.rsample_log_prob(noise_);
  z_ = sample.z;
  log_posterior_ = sample.log_prob;
}

Var Draw::z() {
  if (!z_) sample();
  return *z_;
}

Var Draw::log_posterior() {
  if (!log_posterior_) sample();
  return *log_posterior_;
}

Var Draw::log_likelihood() {
  if (!log_likelihood_) log_likelihood_ = model_.log_likelihood(z(), x_);
  return *log_likelihood_;
}

Var Draw::log_prior() {
  if (!log_prior_) log_prior_ = prior().log_prob(z());
  return *log_prior_;
}

Var Draw::kl() {
  if (!kl_) kl_ = prior().kl(posterior_);
  return *kl_;
}

Var Draw::once(const std::shared_ptr<const void>& key, const std::function<Var(Draw&)>& compute) {
  if (const auto found = terms_.find(key); found != terms_.end()) return found->second;
  const Var value = compute(*this);
  terms_.emplace(key, value);
  return value;
}

}  // namespace nelbo
