#pragma once
#include <memory>

#include "models/layers/layer.hpp"
#include "models/vae.hpp"

namespace nelbo {

/// The model M2 of Kingma et al. (2014), "Semi-supervised learning with deep generative models", of data
/// whose label c, one of K classes, may be known:
///
///   P   c ~ uniform,  z ~ P0(z),  x ~ P(X|z, c)                     eq. (2)
///   Q   c ~ Q(c|x),   z ~ Q(Z|x, c)                                  eq. (4)
///
/// The code is [z c], c a one-hot row. Batch::condition [B, K] says what is known of labels
/// (labelled_posterior.hpp): ELBOs of data whose label is told bound log p(x, c), eq. (6), of others
/// log p(x), eq. (7). A decoder shown a condition makes data of the label that it tells, else of the code's.
///
/// Parameters: those of the conditional Vae, and in "phi"
///   classifier.I.weight, .bias      hidden layers, of the encoder's widths
///   classifier.output.weight, .bias logits [K]
class SemiSupervised final : public Model {
 public:
  /// config.conditions is K. Declares the parameters; freeze the store before recording. Throws Error as
  /// Vae does, and SettingError for what does not go with labels.
  SemiSupervised(const VaeConfig& config, const DataMoments& moments, ParameterStore& store);
  SemiSupervised(const SemiSupervised&) = delete;
  SemiSupervised& operator=(const SemiSupervised&) = delete;

  const ParameterStore& store() const override { return vae_.store(); }
  CodeSpace codes() const override;
  std::int64_t features() const override { return vae_.features(); }
  std::int64_t conditions() const override { return vae_.conditions(); }
  std::shared_ptr<const Posterior> posterior(const Batch& batch) const override;
  using Model::prior;
  std::shared_ptr<const Prior> prior(std::optional<Var> condition) const override;
  const Likelihood* likelihood() const override { return vae_.likelihood(); }
  using Model::decode;
  Var decode(Var z, std::optional<Var> condition) const override;

 private:
  Vae vae_;
  Layer classifier_;
};

}  // namespace nelbo
