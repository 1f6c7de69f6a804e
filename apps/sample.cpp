#include <memory>
#include <nlohmann/json.hpp>

#include "apps/cli/commands.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/reports/model_output.hpp"
#include "apps/reports/pictures.hpp"
#include "lab/evaluation/inference.hpp"

namespace nelbo {
namespace {

constexpr std::int64_t most_samples = 1'000'000;

struct SampleFlags : RunFlags {
  std::int64_t n = 64;
  bool draw = false;
  OutputFlags output;
};

int sample(const SampleFlags& flags) {
  flags.output.pictures();  // refused before anything is computed
  flags.common.apply_threads();
  const LoadedModel run = open_model(flags.run);
  for (const std::string& note : run.notes) tell(note);
  const std::uint64_t seed = flags.seed(run.config);
  ModelOutput output(flags.output, run, "sample");
  output.check_rows("--n", flags.n);

  const Tensor conditions = chosen_conditions(flags, run.config, flags.n);
  const Tensor z = sample_prior(*run.model, std::size_t(flags.n), seed, conditions);
  const Tensor mean = decode_means(*run.model, z, conditions);
  output.add_codes("z", z);
  output.add_data("mean", mean);
  Tensor shown = mean;
  if (flags.draw) {
    shown = sample_data(*run.model, z, seed, conditions);
    output.add_data("x", shown);
  }
  return output.write(square_grid(shown), {{"run", run.name}, {"n", flags.n}, {"seed", seed}},
                      flags.common.json);
}

Action declare_sample(CommandLine& command) {
  auto flags = std::make_shared<SampleFlags>();
  add_run_flags(command, *flags, "of the samples [the run's own]");
  command.number("--n", flags->n, 1, most_samples, "how many");
  command.flag("--draw", flags->draw, "draw data x of P(X|z) too, and show them instead of means");
  add_condition_flag(command, *flags, "the labels in turn");
  add_output_flags(command, flags->output);
  command.footer(
      "Draws z of the prior and the decoder's mean E[X|z] of each. FILE.npz holds the arrays\n"
      "z [N, L] (one-hot codes [N, L, K]), mean [N, ...example] and, with --draw, x [N, "
      "...example],\n"
      "float32, on the scale that the model sees; FILE.png shows the means, or x.\n\n"
      "Examples:\n"
      "  nelbo sample runs/burda-mnist-elbo-s0 --out grid.png\n"
      "  nelbo sample runs/burda-mnist-elbo-s0 --n 100 --seed 7 --draw --out samples.npz\n"
      "  nelbo sample runs/conditional --condition 3 --out threes.png\n"
      "  nelbo sample runs/burda-mnist-elbo-s0 --out - --format png > grid.png");
  return [flags] { return sample(*flags); };
}

}  // namespace

Command sample_command() {
  return {"sample", "Draw codes and data from a trained model", declare_sample};
}

}  // namespace nelbo
