#include "objectives/draw/codes.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "objectives/draw/draw.hpp"

namespace nelbo {

Var Codes::decoded() {
  return once(Key::nelbo("decoded"),
              [&] { return draw_.model().decode(seen_, draw_.data().condition); });
}

Var Codes::log_likelihood() {
  return once(Key::nelbo("log_likelihood"), [&] {
    if (const Likelihood* likelihood = draw_.model().likelihood()) {
      return likelihood->log_prob(decoded(), draw_.x());
    }
    return draw_.model().log_likelihood(seen_, draw_.data());
  });
}

Var Codes::log_prior() {
  return once(Key::nelbo("log_prior"), [&] { return draw_.prior().log_prob(seen_); });
}

Var Codes::log_prior_marginals() {
  return once(Key::nelbo("log_prior_marginals"),
              [&] { return draw_.prior().marginal_log_prob(z_); });
}

Var Codes::log_posterior() {
  if (!log_posterior_) log_posterior_ = draw_.posterior().log_prob(z_);
  return *log_posterior_;
}

Var Codes::layer_divergence(std::size_t l) {
  const auto key = [](std::size_t layer) {
    return Key::nelbo("divergence of layer " + std::to_string(layer));
  };
  return once(key(l), [&] {
    const std::vector<Var> q = draw_.posterior().log_prob_by_layer(z_),
                           p = draw_.prior().log_prob_by_layer(seen_);
    const std::size_t layers = draw_.model().layers().size();
    if (q.size() != layers || p.size() != layers || l >= layers) {
      throw Error("layer " + std::to_string(l + 1) + ": the model has " + std::to_string(layers) +
                  " layers, its posterior " + std::to_string(q.size()) + " and its prior " +
                  std::to_string(p.size()));
    }
    for (std::size_t other = 0; other < layers; ++other) {
      if (other != l) once(key(other), [&] { return q[other] - p[other]; });
    }
    return q[l] - p[l];
  });
}

Var Codes::log_posterior_at_fixed_z() {
  return once(Key::nelbo("log_posterior at fixed z"), [&] {
    if (!Tape::current().differentiable(z_)) return log_posterior();
    if (!score_) return draw_.posterior().log_prob(stop(z_));
    // A path that is 0 in value, whose gradient is what z passes on to log Q.
    const Var path = sum(score_() * z_, -1);
    return log_posterior() - (path - stop(path));
  });
}

Var Codes::log_weights() {
  return once(Key::nelbo("log_weights"),
              [&] { return log_likelihood() + (log_prior() - log_posterior()); });
}

Var Codes::once(const Key& key, const std::function<Var()>& compute) {
  if (const auto found = named_.find(key.text()); found != named_.end()) return found->second;
  const Var value = compute();
  named_.emplace(key.text(), value);
  return value;
}

}  // namespace nelbo
