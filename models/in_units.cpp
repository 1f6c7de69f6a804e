#include "models/in_units.hpp"

#include <utility>

#include "autodiff/ops/elementwise_ops.hpp"

namespace nelbo {
namespace {

/// A density of x told as one of y.
class LikelihoodInUnits final : public Likelihood {
 public:
  LikelihoodInUnits(const Likelihood& own, double log_volume)
      : own_(own), log_volume_(log_volume) {}

  std::string text() const override { return own_.text(); }
  bool is_mass() const override { return own_.is_mass(); }
  Support support() const override { return own_.support(); }
  bool of_batch() const override { return own_.of_batch(); }
  std::int64_t outputs() const override { return own_.outputs(); }
  Var log_prob(Var output, Var x) const override { return own_.log_prob(output, x) - log_volume_; }
  Var mean(Var output) const override { return own_.mean(output); }
  Var sample(Var output, Var noise) const override { return own_.sample(output, noise); }
  Noise noise() const override { return own_.noise(); }
  std::int64_t statistics() const override { return own_.statistics(); }
  void add_statistics(double x, double* sums) const override { own_.add_statistics(x, sums); }
  Tensor output_start(const DataMoments& moments) const override {
    return own_.output_start(moments);
  }

 private:
  const Likelihood& own_;
  double log_volume_;
};

class ModelInUnits final : public Model {
 public:
  ModelInUnits(std::unique_ptr<Model> own, double log_volume)
      : own_(std::move(own)), log_volume_(log_volume) {
    if (own_->likelihood() != nullptr) likelihood_.emplace(*own_->likelihood(), log_volume);
  }

  const ParameterStore& store() const override { return own_->store(); }
  CodeSpace codes() const override { return own_->codes(); }
  std::vector<CodeLayer> layers() const override { return own_->layers(); }
  std::int64_t features() const override { return own_->features(); }
  std::int64_t conditions() const override { return own_->conditions(); }
  std::shared_ptr<const Posterior> posterior(const Batch& batch) const override {
    return own_->posterior(batch);
  }
  std::shared_ptr<const Prior> prior(std::optional<Var> condition) const override {
    return own_->prior(condition);
  }
  const Likelihood* likelihood() const override { return likelihood_ ? &*likelihood_ : nullptr; }
  Var decode(Var z, std::optional<Var> condition) const override {
    return own_->decode(z, condition);
  }
  Var log_likelihood(Var z, const Batch& batch) const override {
    return own_->log_likelihood(z, batch) - log_volume_;
  }
  Var log_joint(Var z, const Batch& batch) const override {
    return own_->log_joint(z, batch) - log_volume_;
  }
  Groups encoder() const override { return own_->encoder(); }
  bool prior_moves_encoder() const override { return own_->prior_moves_encoder(); }

 private:
  std::unique_ptr<Model> own_;
  double log_volume_;
  std::optional<LikelihoodInUnits> likelihood_;
};

}  // namespace

std::unique_ptr<Model> in_units(std::unique_ptr<Model> model, double log_volume) {
  const bool mass = model->likelihood() != nullptr && model->likelihood()->is_mass();
  if (log_volume == 0 || mass) return model;
  return std::make_unique<ModelInUnits>(std::move(model), log_volume);
}

}  // namespace nelbo
