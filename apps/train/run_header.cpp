#include "apps/train/run_header.hpp"

#include <fmt/format.h>

#include "apps/cli/with_flags.hpp"
#include "apps/reports/mean_text.hpp"
#include "apps/reports/pictures.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/joined.hpp"
#include "autodiff/threads.hpp"
#include "lab/training/optimizers.hpp"
#include "models/architectures/architecture.hpp"

namespace nelbo {
namespace {

/// Which examples are for what, and what makes a checkpoint the best.
std::string examples_text(const Trainer& trainer) {
  const auto& valid = trainer.validation_examples();
  return fmt::format("{} train, learnt from; {}{} test, for reporting only; best: {}",
                     trainer.train_examples().count(),
                     valid ? fmt::format("{} valid, to choose the best; ", valid->count()) : "",
                     trainer.test_examples().count(),
                     valid ? "the highest objective on valid, at its final weights"
                           : "the last (no validation split)");
}

/// Every number that the optimisers go by.
std::string optimizer_text(const TrainConfig& config) {
  const ByGroup<OptimizerConfig> all = optimizers_of(config);
  std::string text;
  for (const auto& [group, own] : all.named) text += group + " " + to_string(own) + ", else ";
  text += to_string(all.otherwise);
  if (config.normalise_gradients) text += ", gradients normalised";
  if (config.clip > 0) text += fmt::format(", clip {}", config.clip);
  if (config.ema > 0) text += fmt::format(", ema {}", config.ema);
  return text;
}

/// What the networks are beyond their widths; empty where nothing is said.
std::string networks_text(const TrainConfig& config) {
  std::vector<std::string> parts;
  if (!config.activation.empty()) parts.push_back(config.activation);
  if (config.layer_norm) parts.push_back("layer norm");
  if (config.gated) parts.push_back("gated");
  if (config.dropout > 0) parts.push_back(fmt::format("dropout {}", config.dropout));
  if (config.centre) parts.push_back("centred input");
  return joined(parts, ", ");
}

}  // namespace

std::vector<std::string> run_header(const TrainConfig& config, const data::Dataset& data,
                                    const Trainer& trainer, const RunFolder& folder) {
  std::vector<std::string> lines;
  for (const std::string& line : data::describe(data)) {
    lines.push_back("data        " + with_flags(line));
  }
  if (config.binarize != "none") lines.push_back("binarize    " + config.binarize);
  lines.push_back("examples    " + examples_text(trainer));
  if (data.condition.any()) {
    lines.push_back(
        fmt::format("condition   {}, {} numbers", config.condition, data.condition.size()));
  }
  if (data.condition.inferred) {
    lines.push_back(fmt::format("labels      {} of {} are told, the others inferred",
                                data.condition.told.size(), trainer.train_examples().count()));
  }
  if (!config.missing.empty())
    lines.push_back("missing     NaN; the encoder sees " + config.missing);
  const Architecture& own = architectures().at(architecture_of(config.model));
  std::string model = fmt::format("model       {}", config.model);
  if (config.linear) model += ", no hidden layers";
  if (!config.hidden.empty()) model += ", hidden " + joined(config.hidden, ",");
  model += fmt::format(", latent {}", config.latent);
  if (own.has("likelihood")) model += ", " + config.likelihood;
  lines.push_back(model);
  if (const std::string networks = networks_text(config); !networks.empty()) {
    lines.push_back("networks    " + networks);
  }
  std::vector<std::string> parts;
  if (own.has("prior")) parts.push_back("prior       " + config.prior);
  if (own.has("posterior")) {
    parts.push_back((parts.empty() ? "posterior   " : "posterior ") + config.posterior);
  }
  if (!parts.empty()) lines.push_back(joined(parts, ", "));
  lines.push_back(fmt::format("parameters  {}", trainer.store().count()));
  const Term& objective = trainer.objective();
  lines.push_back("objective   " + (objective.bound()
                                        ? on_samples(*objective.bound(), objective.text(),
                                                     trainer.estimators().coupling)
                                        : objective.text()));
  lines.push_back(fmt::format("estimator   {}", trainer.estimators().text()));
  lines.push_back("optimizer   " + optimizer_text(config));
  lines.push_back(
      fmt::format("lr          {}, batch {}, seed {}", config.lr.text, config.batch, config.seed));
  if (!config.init_from.empty()) lines.push_back("begins as   " + config.init_from);
  if (config.patience > 0) {
    std::string line = "patience    " + counted(std::uint64_t(config.patience), "epoch");
    if (config.patience_from > 0) line += fmt::format(", from epoch {} on", config.patience_from);
    lines.push_back(line);
  }
  std::string machine = fmt::format("{}, {}", active_isa(), counted(num_threads(), "thread"));
  if (const int ranks = trainer.ranks().size(); ranks > 1) {
    machine += fmt::format(" in each of {} processes", ranks);
  }
  if (config.parts > 1) machine += fmt::format(", batches in {} parts", config.parts);
  lines.push_back("machine     " + machine);
  lines.push_back("run         " + folder.path().string());
  const std::string none = why_no_pictures(trainer.model(), config.example);
  if (!none.empty()) lines.push_back("pictures    none: " + none);
  if (trainer.state().step > 0) {
    lines.push_back(fmt::format("resumed     at step {}", trainer.state().step));
  }
  return lines;
}

}  // namespace nelbo
