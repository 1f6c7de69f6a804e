#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/cli/commands.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/reports/model_output.hpp"
#include "apps/reports/pictures.hpp"
#include "lab/evaluation/inference.hpp"

namespace nelbo {
namespace {

struct ReconstructFlags : RunFlags {
  std::int64_t n = 30;
  OutputFlags output;
};

int reconstruct(const ReconstructFlags& flags) {
  flags.output.pictures();  // refused before anything is computed
  const AppliedRun applied = apply_run(flags);
  const LoadedRun& run = applied.run;
  const data::Split& split = applied.examples.split();
  ModelOutput output(flags.output, run, "reconstruction");
  const std::vector<std::uint32_t> rows =
      spread_rows(applied.examples.count(), std::size_t(flags.n));
  output.check_rows("--n", std::int64_t(rows.size()));

  const Tensor shown = examples_at(applied.examples, rows);
  const Tensor x = x_of(*run.model, shown);
  const Tensor z = most_probable_codes(*run.model, shown);
  const Tensor mean = decode_means(*run.model, z, conditions_of(*run.model, shown));
  output.add("index", std::vector<std::int64_t>(rows.begin(), rows.end()));
  output.add_shown("x", x);
  output.add_codes("z", z);
  output.add_data("mean", mean);
  if (!split.labels.empty()) {
    std::vector<std::int64_t> labels;
    for (const std::uint32_t row : rows) labels.push_back(split.labels[row]);
    output.add("labels", std::move(labels));
  }
  return output.write(
      reconstruction_grid(x, mean),
      {{"run", run.name}, {"data", run.config.data}, {"split", split.name}, {"n", rows.size()}},
      flags.common.json);
}

Action declare_reconstruct(CommandLine& command) {
  auto flags = std::make_shared<ReconstructFlags>();
  add_run_flags(command, *flags, "not used: the most probable codes need no noise");
  add_data_flags(command, *flags);
  command.number("--n", flags->n, 1, INT64_MAX,
                 "how many examples, evenly spread over the split; all where it has fewer");
  add_output_flags(command, flags->output);
  command.footer(
      "Each example x, its most probable code z (of a normal posterior the mean) and E[X|z].\n"
      "FILE.npz holds the arrays x and mean [N, ...example], z [N, L] (one-hot codes [N, L, K]),\n"
      "float32, index [N], the examples' places in the split, and, if the data have them, labels "
      "[N];\n"
      "FILE.png shows rows of ten examples, each above its reconstructions, as far as rows are "
      "full.\n\n"
      "Examples:\n"
      "  nelbo reconstruct runs/burda-mnist-elbo-s0 --out again.png\n"
      "  nelbo reconstruct runs/burda-mnist-elbo-s0 --split train --n 1000 --out again.npz\n"
      "  nelbo reconstruct runs/burda-mnist-elbo-s0 --data fashion-mnist --out other.png");
  return [flags] { return reconstruct(*flags); };
}

}  // namespace

Command reconstruct_command() {
  return {"reconstruct", "Write examples, their codes and reconstructions", declare_reconstruct};
}

}  // namespace nelbo
