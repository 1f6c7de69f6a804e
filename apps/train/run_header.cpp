#include "apps/train/run_header.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/reports/pictures.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {

std::vector<std::string> run_header(const TrainConfig& config, const data::Dataset& data,
                                    const Trainer& trainer, const RunFolder& folder) {
  std::vector<std::string> lines;
  for (const std::string& line : data::describe(data)) lines.push_back("data        " + line);
  if (config.binarize != "none") lines.push_back("binarize    " + config.binarize);
  const std::string hidden =
      config.hidden.empty() ? "" : fmt::format(", hidden {}", fmt::join(config.hidden, ","));
  lines.push_back(fmt::format("model       {}{}, latent {}, {}", config.model, hidden,
                              config.latent, config.likelihood));
  lines.push_back(fmt::format("prior       {}, posterior {}", config.prior, config.posterior));
  lines.push_back(fmt::format("parameters  {}", trainer.store().count()));
  const Term& objective = trainer.objective();
  lines.push_back("objective   " + (objective.bound()
                                        ? on_samples(*objective.bound(), objective.text(),
                                                     trainer.estimators().coupling)
                                        : objective.text()));
  lines.push_back(fmt::format("estimator   {}", trainer.estimators().text()));
  lines.push_back(fmt::format("optimizer   {}, lr {}, batch {}, seed {}", config.optimizer,
                              config.lr, config.batch, config.seed));
  lines.push_back(fmt::format("machine     {}, {} thread{}", active_isa(), num_threads(),
                              num_threads() == 1 ? "" : "s"));
  lines.push_back("run         " + folder.path().string());
  if (!picture_shape(config.example)) {
    lines.push_back("pictures    none: " + no_pictures(config.example));
  }
  if (trainer.state().step > 0) {
    lines.push_back(fmt::format("resumed     at step {}", trainer.state().step));
  }
  return lines;
}

}  // namespace nelbo
