#include "lab/training/networks.hpp"

#include "objectives/language/read_estimators.hpp"
#include "objectives/language/expression.hpp"

namespace nelbo {

Networks make_networks(const TrainConfig& config, const std::vector<std::int64_t>& example,
                       const DataMoments& moments, ParameterStore& store) {
  VaeConfig wanted;
  wanted.architecture = config.model;
  wanted.example = Shape(std::span<const std::int64_t>(example));
  wanted.latent = config.latent;
  wanted.hidden = config.hidden;
  wanted.likelihood = parse_likelihood(config.likelihood);
  wanted.prior = prior_of(config);
  wanted.posterior = parse_posterior(config.posterior);
  Networks networks;
  networks.model = std::make_unique<Vae>(wanted, moments, store);
  if (parse_objective(config.objective).needs(&Quantity::critic)) {
    networks.critic = std::make_unique<Critic>(store, networks.model->latent());
  }
  const Estimator phi = parse_estimators(config.estimator).phi;
  if (const auto kind = phi.properties().baseline; kind != Estimator::Baseline::none) {
    networks.baseline = std::make_unique<Baseline>(kind, store, networks.model->features());
  }
  store.freeze(config.seed);
  return networks;
}

std::vector<std::string> model_groups(const ParameterStore& store) {
  std::vector<std::string> groups;
  for (const std::string& group : store.group_names()) {
    if (group != Critic::group && group != Baseline::group) groups.push_back(group);
  }
  return groups;
}

}  // namespace nelbo
