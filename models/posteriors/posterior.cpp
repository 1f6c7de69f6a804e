#include "models/posteriors/posterior.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {

std::string no_rsample(const std::string& family) {
  return "a " + family +
         " posterior has no reparameterised samples: no gradient passes through them; use a "
         "gradient estimator that needs none (score, rloo, vimco, ...)";
}

Var Posterior::entropy() const {
  throw Error("the entropy of a " + family() + " posterior has no closed form; use hqzx(mc)");
}

Var Posterior::relaxed_sample(Var, double) const {
  throw Error("a " + family() + " posterior has no relaxed samples" +
              (has_rsample() ? ": its own are differentiable" : ""));
}

const Normal& Posterior::normal(const std::string& what) const {
  if (const Normal* own = normal()) return *own;
  throw Error(what + " needs a normal posterior; here it is " + family() + " (" +
              instead_of_normal() + ")");
}

const DiagNormal& Posterior::diagonal(const std::string& what) const {
  return normal(what).diagonal(what);
}

const DiagNormal* Posterior::diagonal() const {
  const Normal* own = normal();
  return own != nullptr ? own->if_diagonal() : nullptr;
}

namespace {

/// The same normal with a mean and a log-variance for every datum: a world may have one log-variance
/// of all data, [D].
Normal of_each_datum(const Normal& q) {
  const DiagNormal* own = q.if_diagonal();
  if (own == nullptr || own->mean.shape() == own->log_variance.shape()) return q;
  const Shape all = broadcast(own->mean.shape(), own->log_variance.shape(), "posterior");
  return DiagNormal{broadcast_to(own->mean, all), broadcast_to(own->log_variance, all)};
}

class NormalPosterior final : public Posterior {
 public:
  explicit NormalPosterior(const Normal& q) : q_(q), of_each_datum_(of_each_datum(q)) {}
  std::string family() const override { return "normal"; }
  bool has_rsample() const override { return true; }
  PosteriorSample draw(Var noise) const override {
    const auto [z, log_prob] = q_.rsample_log_prob(noise);
    return {z, log_prob};
  }
  Var log_prob(Var z) const override { return q_.log_prob(z); }
  Var expectation() const override { return q_.expectation(); }
  Var entropy() const override { return q_.entropy(); }
  const Normal* normal() const override { return &of_each_datum_; }

 private:
  Normal q_, of_each_datum_;
};

/// Bernoulli or OneHotCategorical.
template <class Q>
class DiscretePosterior : public Posterior {
 public:
  explicit DiscretePosterior(const Q& q) : q_(q) {}
  bool has_rsample() const override { return false; }
  PosteriorSample draw(Var noise) const override {
    const Var z = q_.sample(noise);
    return {z, q_.log_prob(z)};
  }
  Var log_prob(Var z) const override { return q_.log_prob(z); }
  Var expectation() const override { return q_.expectation(); }
  Var mode() const override { return q_.mode(); }
  Var entropy() const override { return q_.entropy(); }
  Var relaxed_sample(Var noise, double temperature) const override {
    return q_.relaxed_sample(noise, Tape::current().constant(temperature, noise.dtype()));
  }

 protected:
  Q q_;
};

class BernoulliPosterior final : public DiscretePosterior<Bernoulli> {
 public:
  using DiscretePosterior::DiscretePosterior;
  std::string family() const override { return "bernoulli"; }
  const Bernoulli* binary() const override { return &q_; }
};

class CategoricalPosterior final : public DiscretePosterior<OneHotCategorical> {
 public:
  using DiscretePosterior::DiscretePosterior;
  std::string family() const override { return "categorical"; }
  const OneHotCategorical* categorical() const override { return &q_; }
};

}  // namespace

std::shared_ptr<const Posterior> posterior_of(const Normal& q) {
  return std::make_shared<NormalPosterior>(q);
}
std::shared_ptr<const Posterior> posterior_of(const Bernoulli& q) {
  return std::make_shared<BernoulliPosterior>(q);
}
std::shared_ptr<const Posterior> posterior_of(const OneHotCategorical& q) {
  return std::make_shared<CategoricalPosterior>(q);
}

}  // namespace nelbo
