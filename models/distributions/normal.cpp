#include "models/distributions/normal.hpp"

#include "autodiff/error.hpp"

namespace nelbo {

const DiagNormal& Normal::diagonal(const std::string& what) const {
  if (const auto* diagonal = std::get_if<DiagNormal>(&kind_)) return *diagonal;
  throw Error(what +
              " needs a posterior with diagonal covariance; here it is full "
              "(choose the posterior diagonal)");
}

Var Normal::log_prob(Var x) const {
  return visit([&](const auto& q) { return q.log_prob(x); });
}

Var Normal::rsample(Var noise) const {
  return visit([&](const auto& q) { return q.rsample(noise); });
}

NormalSample Normal::rsample_log_prob(Var noise) const {
  return visit([&](const auto& q) { return q.rsample_log_prob(noise); });
}

Var Normal::sample(Var noise) const {
  return visit([&](const auto& q) { return q.sample(noise); });
}

Var Normal::entropy() const {
  return visit([](const auto& q) { return q.entropy(); });
}

Var Normal::expectation() const {
  return visit([](const auto& q) { return q.mean; });
}

Normal Normal::detached() const {
  return visit([](const auto& q) { return Normal(q.detached()); });
}

DiagNormal Normal::marginals() const {
  if (const auto* diagonal = std::get_if<DiagNormal>(&kind_)) return *diagonal;
  return std::get<FullNormal>(kind_).marginals();
}

}  // namespace nelbo
