#pragma once
#include <memory>
#include <string>
#include <vector>

#include "models/hierarchy/normal_layer.hpp"
#include "models/model.hpp"

namespace nelbo {

/// What a model of several stochastic layers is made of.
struct HierarchyConfig {
  /// A stochastic layer and the networks between it and what is below it, the data or the layer before.
  struct Layer {
    std::int64_t size = 0;             // its latent variables
    std::vector<std::int64_t> hidden;  // widths, upward; downward they are mirrored
  };
  std::string name;           // for messages, and of its prior
  std::int64_t features = 0;  // X
  std::vector<Layer> layers;  // z1, the layer next to the data, first
  Activation activation = Activation::tanh;
  /// The posterior of each layer but the last knows the layers above it, and shares the prior's networks.
  bool ladder = false;
  std::shared_ptr<const Likelihood> likelihood;
};

/// A model of stochastic layers z1 .. zK, diagonal normals all, whose code is [z1 z2 ..]:
///
///   P   zK ~ N(0, I),  z_l | z_l+1 ~ N(mu_l, diag s2_l),  x ~ P(X|z1)
///   Q   z1 | x,  z_l | z_l-1                          (bottom up; Burda et al. 2016)
///   Q   zK | x,  z_l | x, z_l+1                       (ladder; Soenderby et al. 2016)
///
/// A ladder's deterministic networks go up from x; layer l < K has the precision-weighted normal of what
/// they say and of P(z_l|z_l+1). Its posterior so is made of the prior's parameters too: both "phi" and
/// "psi" are the encoder's groups.
///
/// Parameters (normal_layer.hpp):
///   phi    encoder.z1.*, encoder.z2.*, ...
///   psi    prior.z1.*, ...: P(z1|z2), ...
///   theta  decoder.I.*, decoder.output.*, and the likelihood's
class Hierarchy final : public Model {
 public:
  /// Declares the parameters; freeze the store before recording. Throws Error for a configuration
  /// without layers and sizes below 1.
  Hierarchy(const HierarchyConfig& config, const DataMoments& moments, ParameterStore& store);
  Hierarchy(const Hierarchy&) = delete;
  Hierarchy& operator=(const Hierarchy&) = delete;

  const ParameterStore& store() const override { return store_; }
  CodeSpace codes() const override;
  std::vector<CodeLayer> layers() const override { return layers_; }
  std::int64_t features() const override { return config_.features; }
  std::shared_ptr<const Posterior> posterior(const Batch& batch) const override;
  using Model::prior;
  std::shared_ptr<const Prior> prior(std::optional<Var> condition) const override;
  const Likelihood* likelihood() const override { return config_.likelihood.get(); }
  using Model::decode;
  Var decode(Var z, std::optional<Var> condition) const override;
  Groups encoder() const override;
  bool prior_moves_encoder() const override { return config_.ladder; }

 private:
  const ParameterStore& store_;
  HierarchyConfig config_;
  std::vector<CodeLayer> layers_;
  std::vector<NormalLayer> up_;    // of z1, z2, ...
  std::vector<NormalLayer> down_;  // P(z1|z2), P(z2|z3), ...
  std::optional<Mlp> hidden_;      // of P(X|z1)
  nelbo::Layer output_;
};

}  // namespace nelbo
