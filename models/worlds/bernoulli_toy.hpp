#pragma once
#include <cstdint>
#include <vector>

#include "autodiff/parameters.hpp"
#include "autodiff/tape.hpp"
#include "models/model.hpp"

namespace nelbo {

/// E f(b) of independent bits b_l ~ Bernoulli(sigmoid(logit_l)) with f(b) = sum_l (b_l - t_l)^2: the toy
/// of Tucker et al. (2017), "REBAR", t = 0.45; of Grathwohl et al. (2018), "RELAX", t = 0.499; and of Yin
/// and Zhou (2019), "ARM", which takes each t of 0.49, 0.499, 0.501 and 0.51. The gradient by logit_l is
/// (1 - 2 t_l) p_l (1 - p_l), which is small against f where t is near 1/2.
///
/// It is the bound elbo of this model: log P(x, b) is f(b) + log Q(b), so that each log-weight is f.
/// Parameters: "encoder.logits" [L] of group "phi". There is one datum, [1, 1], that says nothing.
class BernoulliToy final : public Model {
 public:
  /// Declares the logits, all of which start at `logit`. Throws Error without targets and for numbers that
  /// are not finite.
  BernoulliToy(ParameterStore& store, std::vector<double> targets, double logit);

  /// (1 - 2 t_l) p_l (1 - p_l) at the first logits.
  double gradient(std::size_t l) const;
  Tensor x() const;

  const ParameterStore& store() const override { return *store_; }
  CodeSpace codes() const override {
    return {CodeSpace::Kind::binary, std::int64_t(targets_.size())};
  }
  std::int64_t features() const override { return 1; }
  std::shared_ptr<const Posterior> posterior(const Batch& batch) const override;
  using Model::prior;
  std::shared_ptr<const Prior> prior(std::optional<Var> condition) const override;
  Var log_likelihood(Var z, const Batch& batch) const override;
  Var log_joint(Var z, const Batch& batch) const override;
  bool prior_moves_encoder() const override { return true; }

 private:
  const ParameterStore* store_;
  std::vector<double> targets_;
  double logit_;
  ParameterId logits_;
};

}  // namespace nelbo
