#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "apps/cli/commands.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/refusal.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/ledger_json.hpp"
#include "apps/reports/mean_text.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/setting_error.hpp"
#include "autodiff/threads.hpp"
#include "lab/evaluation/ledger.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {
namespace {

struct DecomposeFlags {
  RunFlags run;
  std::string scheme = "full";
  std::int64_t draws = 1;
  std::optional<std::int64_t> batch;
  std::int64_t examples = 0;
  std::optional<std::int64_t> pairs;
};

std::string text_of(const Ledger::Interval& interval) {
  if (!interval.finite()) return "interval    -\n";
  const auto end = [](const Ledger::End& of) {
    return of.estimate.standard_error == 0 ? fmt::format("{} {:.4f}", of.name, of.estimate.mean)
                                           : of.name + " " + mean_text(of.estimate, 2);
  };
  const std::string estimate =
      fmt::format("{} the estimate {:.4f} within 4 standard errors ({:.4f} below, {:.4f} above)",
                  interval.contains() ? "contains" : "does NOT contain", interval.estimate.mean,
                  interval.tolerance(interval.low), interval.tolerance(interval.high));
  if (!interval.crossed()) {
    return fmt::format("interval    {:.4f} ({}) <= I_enc <= {:.4f} ({}):\n            {}\n",
                       interval.low.estimate.mean, interval.low.name, interval.high.estimate.mean,
                       interval.high.name, estimate);
  }
  return fmt::format(
      "interval    none, its ends are crossed by noise: {} above {}\n            {}\n",
      end(interval.low), end(interval.high), estimate);
}

void print(const Ledger& ledger) {
  std::cout << fmt::format("{:<10}{:>12}{:<12}  bias\n", "term", "value", " +- se");
  for (const Ledger::Entry& e : ledger.terms) {
    std::cout << fmt::format("{:<10}{}  {:<4}  {}; {}\n", e.name, mean_column(e.estimate, 12),
                             sign(e.bias), e.equation, e.meaning);
  }
  if (!ledger.mi.empty()) {
    std::cout << "\nidentities";
    for (const Ledger::Identity& identity : ledger.identities) {
      std::cout << fmt::format("  {} = {}", identity.text, number_text(identity.residual, 2));
    }
    std::cout << "\n" << text_of(*ledger.mi_interval);
    std::cout << fmt::format("\n{:<10}{:>12}{:<12}  bias{:>12}{:<12}  (batches of {}, N = {})\n",
                             "scheme", "H_agg", " +- se", "I_enc", " +- se", ledger.options.batch,
                             ledger.count);
    for (std::size_t i = 0; i < ledger.mi.size(); ++i) {
      std::cout << fmt::format("{:<10}{}  {:<4}{}\n", ledger.hagg[i].name,
                               mean_column(ledger.hagg[i].estimate, 12), sign(ledger.hagg[i].bias),
                               mean_column(ledger.mi[i].estimate, 12));
    }
  }
  std::size_t active = 0;
  std::cout << fmt::format("\n{:<10} {:>11} {:>15}\n", "dimension", "KL", "var E[z|x]");
  for (std::size_t d = 0; d < ledger.units.size(); ++d) {
    const Ledger::Unit& unit = ledger.units[d];
    active += unit.active;
    std::cout << fmt::format("{:<10}{:>12}{:>16}{}\n", d, fixed_text(unit.kl, 4),
                             fixed_text(unit.variance, 4), unit.active ? "  active" : "");
  }
  std::cout << fmt::format("{} of {} dimensions active (variance of E[z|x] over the data > 0.01)\n",
                           active, ledger.units.size());
  for (const Ledger::Layer& layer : ledger.layers) {
    std::cout << fmt::format("layer {:<4}{}  {} of {} dimensions active, from {} on\n",
                             layer.layer.name, mean_column(layer.div, 12), layer.active,
                             layer.layer.size, layer.layer.first);
  }
  std::cout
      << "\nNats per datum; +- is one standard error over the examples. Bias: + the estimate is "
         "too high\non average, - too low, 0 neither, ? not determined.\n";
}

int decompose(const DecomposeFlags& flags) {
  Scheme scheme;
  try {
    scheme = parse_scheme(flags.scheme);
  } catch (const Error& error) {
    throw SettingError("scheme", error.what());
  }
  const AppliedRun applied = apply_run(flags.run);
  if (flags.pairs.value_or(0) > 0 && applied.run.model->conditions() > 0) {
    throw SettingError("pairs",
                       "the model makes data of a condition alone, and mi_dec is of all; "
                       "leave it out");
  }
  const Ledger ledger =
      measure_ledger(*applied.run.model, applied.examples,
                     {.scheme = scheme,
                      .draws = std::size_t(flags.draws),
                      .batch = std::size_t(flags.batch.value_or(applied.run.config.batch)),
                      .examples = std::size_t(flags.examples),
                      .pairs = std::size_t(flags.pairs.value_or(500)),
                      .seed = applied.seed});
  const std::string& split = applied.examples.split().name;
  if (flags.run.common.json) {
    nlohmann::ordered_json object{
        {"run", applied.run.name}, {"data", applied.run.config.data}, {"split", split}};
    object.update(to_json(ledger));
    object.update({{"seed", applied.seed}, {"isa", active_isa()}, {"threads", num_threads()}});
    print_json(object);
  } else {
    std::cout << data::one_line(fmt::format("{} on {} ({}, {}), scheme {}", applied.run.name,
                                            applied.run.config.data, split,
                                            counted(ledger.count, "example"), name(scheme)))
              << "\n\n";
    print(ledger);
  }
  if (const std::optional<std::string> what = ledger.not_finite()) return refuse_not_finite(*what);
  return exit_done;
}

constexpr const char* decompose_footer =
    R"(The aggregated posterior P_enc(Z) is the mean of Q(Z|x) over the examples. Under the scheme
'full' each sample is compared with all N of them; the others use batches: naive, loo, strat,
mss, mws, average. 'nelbo objectives' says what each term is.

Examples:
  nelbo decompose runs/burda-mnist-elbo-s0
  nelbo decompose runs/burda-mnist-elbo-s0 --split train --examples 10000 --json
  nelbo decompose runs/conv64-sprites-beta_tcvae-s0 --scheme strat --batch 64 --draws 10)";

Action declare_decompose(CommandLine& command) {
  auto flags = std::make_shared<DecomposeFlags>();
  add_run_flags(command, flags->run, "of the noise of z [the run's own]");
  add_data_flags(command, flags->run);
  command.flag("--scheme", flags->scheme, "of the aggregated posterior [full]").type("NAME");
  command.number("--draws", flags->draws, 1, 10000, "of z per example");
  command.number("--batch", flags->batch, 2, std::int64_t{1} << 20,
                 "examples per batch of the other schemes [the run's own]");
  command.number("--examples", flags->examples, 2, std::int64_t{1} << 32, "use the first so many")
      .otherwise("all");
  command.number("--pairs", flags->pairs, 0, 1000000,
                 "pairs that the model makes for I_dec; 0 leaves it out [500]");
  command.footer(decompose_footer);
  return [flags] { return decompose(*flags); };
}

}  // namespace

Command decompose_command() {
  return {"decompose", "Every term of a trained model's bound, with its error", declare_decompose};
}

}  // namespace nelbo
