#include "apps/train/epoch_log.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "apps/reports/ledger_json.hpp"
#include "apps/reports/metrics_json.hpp"
#include "autodiff/error.hpp"
#include "lab/evaluation/ledger.hpp"
#include "lab/evaluation/standard_errors.hpp"
#include "lab/training/objective_weights.hpp"

namespace nelbo {
namespace {

constexpr std::uint64_t ledger_epochs = 5;
constexpr std::size_t ledger_examples = 2000;

/// One number, or by group where they differ.
nlohmann::ordered_json rates_json(const std::vector<GroupRate>& rates) {
  const bool one = std::all_of(rates.begin(), rates.end(), [&](const GroupRate& rate) {
    return rate.rate == rates.front().rate;
  });
  if (one && !rates.empty()) return rates.front().rate;
  nlohmann::ordered_json by_group = nlohmann::ordered_json::object();
  for (const GroupRate& rate : rates) by_group[rate.group] = rate.rate;
  return by_group;
}

}  // namespace

std::string log_epoch(const RunFolder& folder, const Trainer& trainer, const EpochReport& report,
                      double gradient_norm, std::uint64_t clipped, const std::string& end) {
  std::string note;
  nlohmann::ordered_json line{{"epoch", report.epoch},
                              {"step", trainer.state().step},
                              {"train", to_json(report.train, report.names)},
                              {"test", to_json(report.held_out, report.names)},
                              {"seconds", report.seconds},
                              {"examples_per_second", report.examples_per_second},
                              {"gradient_norm", gradient_norm}};
  line["lr"] = rates_json(trainer.rates());
  if (trainer.config().clip > 0) line["clipped"] = clipped;
  if (report.average) line["ema"] = to_json(*report.average, report.names);
  const std::vector<double> unit_kl =
      unit_divergences(trainer.model(), trainer.test_examples(), ledger_examples);
  if (!unit_kl.empty()) line["unit_kl"] = unit_kl;
  for (const auto& [layer, div] : layer_divergences(trainer.model(), trainer.test_examples(),
                                                    ledger_examples, trainer.config().seed)) {
    line["layer_kl"][layer] = div;
  }
  if (const auto accuracy = label_accuracy(trainer.model(), trainer.test_examples(),
                                           ledger_examples, trainer.config().seed)) {
    line["accuracy"] = *accuracy;
  }
  if (report.validation) line["valid"] = to_json(*report.validation, report.names);
  for (const auto& [schedule, weight] : weights_at(trainer.objective(), trainer.last_time())) {
    line["weights"][schedule] = weight;
  }
  if (report.epoch % ledger_epochs == 0 && trainer.test_examples().count() > 1) {
    try {
      line["ledger"] = to_json(measure_ledger(trainer.model(), trainer.test_examples(),
                                              {.batch = std::size_t(trainer.config().batch),
                                               .examples = ledger_examples,
                                               .seed = trainer.config().seed}));
    } catch (const Error& error) {  // codes that no number tells apart are no reason to end a run
      note = std::string("no ledger of this epoch: ") + error.what();
    }
  }
  if (!end.empty()) line["end"] = end;
  folder.append_metrics(line.dump());
  return note;
}

}  // namespace nelbo
