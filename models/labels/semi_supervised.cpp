#include "models/labels/semi_supervised.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/setting_error.hpp"
#include "models/labels/labelled_posterior.hpp"
#include "models/labels/labelled_prior.hpp"
#include "models/layers/linear.hpp"
#include "models/layers/mlp.hpp"

namespace nelbo {
namespace {

/// Throws SettingError for what does not go with labels that may be unknown.
const VaeConfig& checked(const VaeConfig& config) {
  const auto refuse = [](const char* setting, const std::string& why) {
    throw SettingError(setting, why + " where labels are inferred (labels_used)");
  };
  if (config.conditions < 2) refuse("labels_used", "there must be at least 2 different labels");
  if (config.missing != VaeConfig::Missing::none) refuse("missing", "entries cannot be missing");
  if (!config.codes().differentiable()) {
    refuse("posterior", "'" + config.posterior.text +
                            "' is no posterior of continuous codes, which it has to be");
  }
  if (config.prior && config.prior->declare_conditional) {
    refuse("prior", "'" + config.prior->text + "' cannot be the prior; choose normal,");
  }
  return config;
}

Layer declared_classifier(const VaeConfig& config, ParameterStore& store) {
  const Mlp hidden(store, "classifier", "phi", config.example.size(), config.hidden,
                   {.activation = config.activation.value_or(Activation::tanh),
                    .layer_norm = config.layer_norm,
                    .dropout = config.dropout});
  return Sequential{hidden,
                    Linear(store, "classifier.output", "phi", hidden.outputs(), config.conditions)};
}

}  // namespace

SemiSupervised::SemiSupervised(const VaeConfig& config, const DataMoments& moments,
                               ParameterStore& store)
    : vae_(checked(config), moments, store),
      classifier_(declared_classifier(vae_.config(), store)) {}

CodeSpace SemiSupervised::codes() const {
  CodeSpace codes = vae_.codes();
  codes.labels = conditions();
  return codes;
}

std::shared_ptr<const Posterior> SemiSupervised::posterior(const Batch& batch) const {
  if (!batch.condition) throw Error("semi-supervised posterior: no row of labels [B, K]");
  const std::int64_t k = conditions();
  const Var labels = every_label(batch.x.shape()[0], k, batch.x.dtype());
  return std::make_shared<LabelledPosterior>(
      classifier_(batch.x), told_labels(*batch.condition),
      vae_.posterior({with_every_label(batch.x, k), labels}));
}

std::shared_ptr<const Prior> SemiSupervised::prior(std::optional<Var> condition) const {
  if (!condition) throw Error("semi-supervised prior: no row of labels [B, K]");
  return std::make_shared<LabelledPrior>(told_labels(*condition), vae_.prior());
}

Var SemiSupervised::decode(Var z, std::optional<Var> condition) const {
  const std::int64_t latent = vae_.codes().dimensions();
  Var c = contiguous(slice(z, -1, latent, latent + conditions()));
  if (condition) c = told_or(told_labels(*condition), c);
  return vae_.decode(contiguous(slice(z, -1, 0, latent)), c);
}

}  // namespace nelbo
