#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "apps/cli/commands.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/refusal.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/mean_text.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/threads.hpp"
#include "lab/evaluation/standard_errors.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {
namespace {

int evaluate(const RunFlags& flags) {
  const AppliedRun applied = apply_run(flags);
  const LoadedRun& run = applied.run;
  const TermMeans of = estimate_terms(*run.model, applied.examples, applied.seed);
  const std::string& split = applied.examples.split().name;
  if (flags.common.json) {
    print_json({{"run", run.name},
                {"data", run.config.data},
                {"split", split},
                {"count", applied.examples.count()},
                {"elbo", of.elbo.mean},
                {"nell", of.nell.mean},
                {"div", of.div.mean},
                {"standard_error",
                 {{"elbo", of.elbo.standard_error},
                  {"nell", of.nell.standard_error},
                  {"div", of.div.standard_error}}},
                {"seed", applied.seed},
                {"isa", active_isa()},
                {"threads", num_threads()}});
  } else {
    std::cout << data::one_line(fmt::format("{} on {} ({}, {}), nats per datum", run.name,
                                            run.config.data, split,
                                            counted(applied.examples.count(), "example")))
              << "\n\n";
    const auto row = [](const char* name, const MeanAndError& e, const char* what) {
      std::cout << fmt::format("{:<5}{}  {}\n", name, mean_column(e, 12), what);
    };
    row("elbo", of.elbo, "-(nell + div), Zheng eqs (13)-(14)");
    row("nell", of.nell, "-E log P(X|Z), eq. (15)");
    row("div", of.div, "E KL(Q(Z|X) || P0(Z)), eq. (16)");
    std::cout << "\n+- is one standard error over the examples.\n";
  }
  for (const auto& [name, mean] :
       {std::pair{"nell", of.nell.mean}, {"div", of.div.mean}, {"elbo", of.elbo.mean}}) {
    if (std::isfinite(mean)) continue;
    return refuse_not_finite(fmt::format("the term '{}'", name));
  }
  return exit_done;
}

Action declare(CommandLine& command) {
  auto flags = std::make_shared<RunFlags>();
  add_run_flags(command, *flags, "of the noise of z, one draw per example [the run's own]");
  add_data_flags(command, *flags);
  command.footer(
      "Examples:\n"
      "  nelbo eval runs/burda-mnist-elbo-s0\n"
      "  nelbo eval runs/burda-mnist-elbo-s0 --split train --json\n"
      "  nelbo eval runs/burda-mnist-elbo-s0/checkpoints/best.safetensors --data fashion-mnist");
  return [flags] { return evaluate(*flags); };
}

}  // namespace

Command eval_command() { return {"eval", "Evaluate a trained model's bound on data", declare}; }

}  // namespace nelbo
