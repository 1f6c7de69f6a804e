#include "apps/train/epoch_log.hpp"

#include <nlohmann/json.hpp>

#include "apps/reports/ledger_json.hpp"
#include "apps/reports/metrics_json.hpp"
#include "lab/evaluation/ledger.hpp"
#include "lab/training/objective_weights.hpp"

namespace nelbo {
namespace {

constexpr std::uint64_t ledger_epochs = 5;
constexpr std::size_t ledger_examples = 2000;

}  // namespace

void log_epoch(const RunFolder& folder, const Trainer& trainer, const EpochReport& report,
               double gradient_norm, const std::string& end) {
  nlohmann::ordered_json line{{"epoch", report.epoch},
                              {"step", trainer.state().step},
                              {"train", to_json(report.train, report.names)},
                              {"test", to_json(report.held_out, report.names)},
                              {"seconds", report.seconds},
                              {"examples_per_second", report.examples_per_second},
                              {"gradient_norm", gradient_norm}};
  if (report.validation) line["valid"] = to_json(*report.validation, report.names);
  for (const auto& [schedule, weight] : weights_at(trainer.objective(), trainer.state().step - 1)) {
    line["weights"][schedule] = weight;
  }
  if (report.epoch % ledger_epochs == 0 && trainer.test_examples().count() > 1) {
    line["ledger"] = to_json(measure_ledger(trainer.model(), trainer.test_examples(),
                                            {.batch = std::size_t(trainer.config().batch),
                                             .examples = ledger_examples,
                                             .seed = trainer.config().seed}));
  }
  if (!end.empty()) line["end"] = end;
  folder.append_metrics(line.dump());
}

}  // namespace nelbo
