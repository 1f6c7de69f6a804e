#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/cli/commands.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/ledger_json.hpp"
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
  std::int64_t pairs = 500;
};

std::string number(const MeanAndError& e) {
  const std::string error = std::isnan(e.standard_error) || e.standard_error == 0
                                ? std::string(12, ' ')
                                : fmt::format(" +- {:<8.4f}", e.standard_error);
  return fmt::format("{:>12.4f}{}", e.mean, error);
}

void print(const Ledger& ledger) {
  std::cout << fmt::format("{:<10}{:>12}{:<12}  bias\n", "term", "value", " +- se");
  for (const Ledger::Entry& e : ledger.terms) {
    std::cout << fmt::format("{:<10}{}  {:<4}  {}; {}\n", e.name, number(e.estimate), sign(e.bias),
                             e.equation, e.meaning);
  }
  if (!ledger.mi.empty()) {
    std::cout << fmt::format(
        "\nidentities  div - (mi + aggdiv) = {:.2g}   aggdiv - (tc + dwkl - pf) = {:.2g}\n",
        ledger.div_residual, ledger.aggdiv_residual);
    std::cout << fmt::format("interval    {:.4f} <= I_enc <= {:.4f}: {} the estimate {:.4f}\n",
                             ledger.mi_low.mean, ledger.mi_high.mean,
                             ledger.contains ? "contains" : "does NOT contain",
                             ledger.find("mi")->estimate.mean);
    std::cout << fmt::format("\n{:<10}{:>12}{:<12}  bias{:>12}{:<12}  (batches of {}, N = {})\n",
                             "scheme", "H_agg", " +- se", "I_enc", " +- se", ledger.options.batch,
                             ledger.count);
    for (std::size_t i = 0; i < ledger.mi.size(); ++i) {
      std::cout << fmt::format("{:<10}{}  {:<4}{}\n", ledger.hagg[i].name,
                               number(ledger.hagg[i].estimate), sign(ledger.hagg[i].bias),
                               number(ledger.mi[i].estimate));
    }
  }
  std::size_t active = 0;
  std::cout << fmt::format("\n{:<10} {:>11} {:>15}\n", "dimension", "KL", "var E[z|x]");
  for (std::size_t d = 0; d < ledger.units.size(); ++d) {
    const Ledger::Unit& unit = ledger.units[d];
    active += unit.active;
    std::cout << fmt::format("{:<10} {:>11} {:>15.4f}{}\n", d,
                             std::isnan(unit.kl) ? "-" : fmt::format("{:.4f}", unit.kl),
                             unit.variance, unit.active ? "  active" : "");
  }
  std::cout << fmt::format("{} of {} dimensions active (variance of E[z|x] over the data > 0.01)\n",
                           active, ledger.units.size());
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
  const Ledger ledger =
      measure_ledger(*applied.run.model, applied.examples,
                     {.scheme = scheme,
                      .draws = std::size_t(flags.draws),
                      .batch = std::size_t(flags.batch.value_or(applied.run.config.batch)),
                      .examples = std::size_t(flags.examples),
                      .pairs = std::size_t(flags.pairs),
                      .seed = applied.seed});
  const std::string& split = applied.examples.split().name;
  if (flags.run.common.json) {
    nlohmann::ordered_json object{
        {"run", applied.run.folder.string()}, {"data", applied.run.config.data}, {"split", split}};
    object.update(to_json(ledger));
    object.update({{"seed", applied.seed}, {"isa", active_isa()}, {"threads", num_threads()}});
    print_json(object);
  } else {
    std::cout << data::one_line(fmt::format("{} on {} ({}, {} examples), scheme {}",
                                            applied.run.folder.string(), applied.run.config.data,
                                            split, ledger.count, name(scheme)))
              << "\n\n";
    print(ledger);
  }
  return std::isfinite(ledger.find("elbo")->estimate.mean) ? exit_done : exit_not_finite;
}

constexpr const char* footer =
    R"(The aggregated posterior P_enc(Z) is the mean of Q(Z|x) over the examples. Under the scheme
'full' each sample is compared with all N of them; the others use batches: naive, loo, strat,
mss, mws, average. 'nelbo objectives' says what each term is.

Examples:
  nelbo decompose runs/burda-mnist-elbo-s0
  nelbo decompose runs/burda-mnist-elbo-s0 --split train --examples 10000 --json
  nelbo decompose runs/conv64-sprites-beta_tcvae-s0 --scheme strat --batch 64 --draws 10)";

Action declare(CommandLine& command) {
  auto flags = std::make_shared<DecomposeFlags>();
  add_run_flags(command, flags->run, "of the noise of z [the run's own]");
  add_data_flags(command, flags->run);
  command.flag("--scheme", flags->scheme, "of the aggregated posterior [full]").type("NAME");
  command.number("--draws", flags->draws, 1, 10000, "of z per example [1]");
  command.number("--batch", flags->batch, 2, std::int64_t{1} << 20,
                 "examples per batch of the other schemes [the run's own]");
  command.number("--examples", flags->examples, 2, std::int64_t{1} << 32,
                 "use the first so many [all]");
  command.number("--pairs", flags->pairs, 0, 1000000,
                 "pairs that the model makes for I_dec; 0 leaves it out [500]");
  command.footer(footer);
  return [flags] { return decompose(*flags); };
}

}  // namespace

Command decompose_command() {
  return {"decompose", "Every term of a trained model's bound, with its error", declare};
}

}  // namespace nelbo
