#include "models/distributions/posterior.hpp"

#include "autodiff/error.hpp"

namespace nelbo {

std::string no_rsample(const std::string& family) {
  return "a " + family +
         " posterior has no reparameterised samples: no gradient passes through them; use a "
         "gradient estimator that needs none (score, rloo, vimco, ...)";
}

const char* Posterior::family() const {
  static constexpr const char* names[] = {"normal", "bernoulli", "categorical"};
  return names[kind_.index()];
}

bool Posterior::has_rsample() const {
  return visit([]<class Q>(const Q&) { return Reparameterized<Q>; });
}

Noise Posterior::noise() const {
  return visit([]<class Q>(const Q&) { return Q::noise; });
}

const Normal& Posterior::normal(const std::string& what) const {
  if (const auto* normal = std::get_if<Normal>(&kind_)) return *normal;
  throw Error(what + " needs a normal posterior; here it is " + family() +
              " (choose the posterior diagonal)");
}

PosteriorSample Posterior::draw(Var noise) const {
  return visit([&]<class Q>(const Q& q) -> PosteriorSample {
    if constexpr (Reparameterized<Q>) {
      const auto [z, log_prob] = q.rsample_log_prob(noise);
      return {z, log_prob};
    } else {
      const Var z = q.sample(noise);
      return {z, q.log_prob(z)};
    }
  });
}

Var Posterior::rsample(Var noise) const {
  return visit([&]<class Q>(const Q& q) -> Var {
    if constexpr (Reparameterized<Q>) return q.rsample(noise);
    throw Error(no_rsample(family()));
  });
}

Var Posterior::sample(Var noise) const {
  return visit([&](const auto& q) { return q.sample(noise); });
}

Var Posterior::relaxed_sample(Var noise, double temperature) const {
  return visit([&]<class Q>(const Q& q) -> Var {
    if constexpr (Reparameterized<Q>) {
      throw Error("a normal posterior has no relaxed samples: its own are differentiable");
    } else {
      return q.relaxed_sample(noise, Tape::current().constant(temperature, noise.dtype()));
    }
  });
}

Var Posterior::log_prob(Var z) const {
  return visit([&](const auto& q) { return q.log_prob(z); });
}

Var Posterior::entropy() const {
  return visit([](const auto& q) { return q.entropy(); });
}

Var Posterior::expectation() const {
  return visit([](const auto& q) { return q.expectation(); });
}

Var Posterior::mode() const {
  return visit([](const auto& q) { return q.mode(); });
}

Posterior Posterior::detached() const {
  return visit([](const auto& q) { return Posterior(q.detached()); });
}

}  // namespace nelbo
