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
#include "apps/reports/example_table.hpp"
#include "apps/reports/mean_text.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/threads.hpp"
#include "lab/evaluation/standard_errors.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {
namespace {

using Json = nlohmann::ordered_json;

struct EvalFlags : RunFlags {
  std::string per_example;  // empty: no such file
};

Json json_of(const AppliedRun& applied, const TermMeans& of) {
  const LoadedRun& run = applied.run;
  Json object{{"run", run.name},
              {"data", run.config.data},
              {"split", applied.examples.split().name},
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
              {"threads", num_threads()}};
  for (const auto& [layer, div] : of.div_layers) {
    object["layers"].push_back(
        {{"name", layer}, {"div", div.mean}, {"standard_error", div.standard_error}});
  }
  if (of.accuracy) {
    object["accuracy"] = of.accuracy->mean;
    object["standard_error"]["accuracy"] = of.accuracy->standard_error;
  }
  return object;
}

void print(const AppliedRun& applied, const TermMeans& of) {
  std::cout << data::one_line(fmt::format("{} on {} ({}, {}), nats per datum", applied.run.name,
                                          applied.run.config.data, applied.examples.split().name,
                                          counted(applied.examples.count(), "example")))
            << "\n\n";
  const auto row = [](const char* name, const MeanAndError& e, const char* what) {
    std::cout << fmt::format("{:<5}{}  {}\n", name, mean_column(e, 12), what);
  };
  row("elbo", of.elbo, "-(nell + div), Zheng eqs (13)-(14)");
  row("nell", of.nell, "-E log P(X|Z), eq. (15)");
  row("div", of.div, "E KL(Q(Z|X) || P0(Z)), eq. (16)");
  for (const auto& [layer, div] : of.div_layers) {
    row((" " + layer).c_str(), div, "of div, log Q - log P0 of this layer given the other");
  }
  if (of.accuracy) {
    const auto [mean, error] = *of.accuracy;
    std::cout << fmt::format("\naccuracy  {:.4f} +- {:.4f}  of the labels that Q(C|x) finds\n",
                             mean, error);
  }
  std::cout << "\n+- is one standard error over the examples.\n";
}

int evaluate(const EvalFlags& flags) {
  check_table("per_example", flags.per_example);
  const AppliedRun applied = apply_run(flags);
  const TermsByExample terms = terms_by_example(*applied.run.model, applied.examples,
                                                applied.examples.count(), applied.seed);
  const TermMeans of = terms.means();
  if (flags.common.json) {
    print_json(json_of(applied, of));
  } else {
    print(applied, of);
  }
  for (const auto& [name, mean] :
       {std::pair{"nell", of.nell.mean}, {"div", of.div.mean}, {"elbo", of.elbo.mean}}) {
    if (std::isfinite(mean)) continue;
    return refuse_not_finite(fmt::format("the term '{}'", name));
  }
  if (!flags.per_example.empty()) {
    write_table(flags.per_example, table_of(terms, applied.examples.split()));
  }
  return exit_done;
}

Action declare_eval(CommandLine& command) {
  auto flags = std::make_shared<EvalFlags>();
  add_run_flags(command, *flags, "of the noise of z, one draw per example [the run's own]");
  add_data_flags(command, *flags);
  add_table_flag(command, flags->per_example, "nell, div and elbo");
  command.footer(
      "Examples:\n"
      "  nelbo eval runs/burda-mnist-elbo-s0\n"
      "  nelbo eval runs/burda-mnist-elbo-s0 --split train --json\n"
      "  nelbo eval runs/burda-mnist-elbo-s0 --per-example terms.csv\n"
      "  nelbo eval runs/burda-mnist-elbo-s0/checkpoints/best.safetensors --data fashion-mnist");
  return [flags] { return evaluate(*flags); };
}

}  // namespace

Command eval_command() {
  return {"eval", "Evaluate a trained model's bound on data", declare_eval};
}

}  // namespace nelbo
