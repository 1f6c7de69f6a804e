#include "lab/training/train_plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "autodiff/setting_error.hpp"
#include "lab/data/scaling.hpp"
#include "lab/training/network_file.hpp"
#include "lab/training/optimizers.hpp"
#include "lab/training/run_data.hpp"
#include "lab/training/settings.hpp"
#include "models/activation_words.hpp"
#include "models/architectures/architecture.hpp"
#include "objectives/language/expression.hpp"
#include "objectives/language/read_estimators.hpp"

namespace nelbo {
namespace {

void require(bool holds, const std::string& setting, const std::string& reason) {
  if (!holds) throw SettingError(setting, reason);
}

void check_settings(const TrainConfig& c) {
  require(!c.data.empty(), "data", "is empty; name a data set (sprites) or a file or folder");
  data::check_scale(c.scale);
  require(!(c.epochs && c.steps), "epochs", "excludes a number of steps");
  check_ranges(c);
  require(c.labels_used == 0 || c.condition == "labels", "labels_used",
          "is of labels, and the condition is '" + c.condition + "'; leave that out");
  require(c.patience_from == 0 || c.patience > 0, "patience_from",
          "goes with a patience: after how many epochs without a better one the run ends");
}

/// With what the file says that describes its networks, where it is not known already.
TrainConfig with_network(TrainConfig config) {
  if (architecture_of(config.model) == described_in_file && config.network.empty()) {
    config.network = read_setting("model", [&] { return network_text(config.model); });
  }
  return config;
}

}  // namespace

void set_units(VaeConfig& model, const data::Scaling& scaling) {
  if (model.missing == VaeConfig::Missing::none) {
    model.log_volume = scaling.log_volume();
  } else {
    model.log_deviations = scaling.log_deviations();
  }
}

VaeConfig model_of(const TrainConfig& c) {
  VaeConfig model;
  model.architecture = architecture_of(c.model);
  read_setting("model", [&] { return &architectures().at(model.architecture); });
  if (model.architecture == described_in_file) {
    require(!c.network.empty(), "model",
            "'" + c.model + "' is a file, and what it says is missing");
    model.network = std::make_shared<const NetworkDescription>(
        read_setting("model", [&] { return read_network(c.network, c.model); }));
  }
  if (!c.example.empty()) model.example = Shape(std::span<const std::int64_t>(c.example));
  model.latent = c.latent;
  model.hidden = c.hidden;
  model.linear = c.linear;
  if (!c.activation.empty()) {
    model.activation = read_setting("activation", [&] { return parse_activation(c.activation); });
  }
  model.layer_norm = c.layer_norm;
  model.gated = c.gated;
  model.dropout = c.dropout;
  model.centre = c.centre;
  model.centre_mean = c.centre_mean;
  model.conditions = std::int64_t(condition_of(c).size());
  model.semi_supervised = c.labels_used > 0;
  model.likelihood = read_setting("likelihood", [&] { return parse_likelihood(c.likelihood); });
  model.posterior = read_setting("posterior", [&] { return parse_posterior(c.posterior); });
  if (!c.missing.empty()) {
    require(c.missing == "zeros" || c.missing == "mask", "missing",
            "'" + c.missing + "' is neither zeros nor mask");
    model.missing = c.missing == "mask" ? VaeConfig::Missing::mask : VaeConfig::Missing::zeros;
  }
  if (!c.scale_deviation.empty()) set_units(model, scaling_of(c));
  if (!c.prior.empty()) {
    model.prior = read_setting("prior", [&] { return parse_prior(c.prior); });
    const std::string why = unfit(*model.prior, model.posterior, model.posterior.codes(2));
    require(why.empty(), "prior", why);
  }
  check_taken(model);
  return model;
}

TrainPlan resolve(const TrainConfig& given) {
  check_settings(given);
  const TrainConfig c = with_network(given);
  TrainPlan plan{
      .config = c,
      .binarize = read_setting("binarize", [&] { return data::parse_binarize(c.binarize); }),
      .model = model_of(c),
      .objective = parse_objective(c.objective),
      .estimators = read_setting("estimator", [&] { return parse_estimators(c.estimator); }),
      .optimizers = optimizers_of(c),
      .rates = parse_learning_rates(c.lr)};
  keep_optimizer_numbers(plan.config, plan.optimizers);
  return plan;
}

std::vector<Change> apply_changes(TrainConfig& config, const std::vector<std::string>& changes) {
  const auto names = [&config] {
    std::vector<std::string> all;
    for (const Quantity& q : parse_objective(config.objective).quantities()) all.push_back(q.name);
    return all;
  };
  std::vector<Change> made;
  for (const std::string& change : changes) {
    const std::vector<std::string> before = names();
    made.push_back(apply_change(config, change));
    if (names() != before) {
      throw SettingError("change",
                         fmt::format("'{}': a run goes on with the terms that it has, {}; "
                                     "only their weights may be others",
                                     change, fmt::join(before, ", ")));
    }
  }
  return made;
}

}  // namespace nelbo
