#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "apps/cli/commands.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/reports/model_output.hpp"
#include "apps/reports/pictures.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/evaluation/inference.hpp"
#include "lab/evaluation/traversal.hpp"

namespace nelbo {
namespace {

constexpr double farthest = 1e6;

struct TraverseFlags : RunFlags {
  std::optional<std::int64_t> example;
  bool from_prior = false;
  std::vector<std::int64_t> dimensions;  // empty: those of largest divergence
  double from = -3, to = 3;              // of continuous codes, where they are given
  std::int64_t steps = 11;
  OutputFlags output;
};

/// "0,3,7", in the order given.
std::vector<std::int64_t> read_dimensions(const std::string& text) {
  std::vector<std::int64_t> all;
  const char *at = text.data(), *const end = text.data() + text.size();
  while (true) {
    std::int64_t one = -1;
    const auto [next, error] = std::from_chars(at, end, one);
    if (error != std::errc{} || one < 0 || (next != end && *next != ',')) break;
    all.push_back(one);
    if (next == end) return all;
    at = next + 1;
  }
  throw SettingError("", "'" + text + "': latent variables are written as in 0,3,7");
}

/// What each latent variable goes through, of codes of one kind. `given`: the flags that the command line
/// holds.
std::vector<double> values_of(const TraverseFlags& flags, const std::vector<std::string>& given,
                              const CodeSpace& codes) {
  if (!codes.discrete()) {
    const auto is_given = [&](const char* name) {
      return std::find(given.begin(), given.end(), name) != given.end();
    };
    const auto [least, most] = usual_range(codes);
    return evenly_spaced(is_given("--from") ? flags.from : least,
                         is_given("--to") ? flags.to : most, std::size_t(flags.steps));
  }
  for (const std::string& name : given) {
    if (name != "--from" && name != "--to" && name != "--steps") continue;
    throw SettingError(name.substr(2), "the codes are " + codes.text() +
                                           ", and go through all their classes; leave it out");
  }
  return classes_of(codes, codes.values());
}

std::vector<std::int64_t> variables_of(const TraverseFlags& flags, const CodeSpace& codes,
                                       const std::vector<double>& kl) {
  if (flags.dimensions.empty()) {
    std::vector<std::int64_t> largest = alike(codes, by_divergence(kl));
    largest.resize(std::min(largest.size(), traversed_variables));
    return largest;
  }
  for (const std::int64_t one : flags.dimensions) {
    if (one < codes.variables) continue;
    throw SettingError("dimensions", fmt::format("{}: the model has latent variables 0 to {}", one,
                                                 codes.variables - 1));
  }
  return flags.dimensions;
}

/// Where a traversal begins.
struct Start {
  Tensor z;          // the code that the others are like, [1, D]
  Tensor condition;  // [1, C]; empty for a model of x alone
};

Start start_of(const TraverseFlags& flags, const AppliedRun& applied) {
  const Model& model = *applied.run.model;
  const bool chosen = !flags.condition.empty() || flags.from_prior;
  const Tensor condition =
      chosen ? chosen_conditions(flags, applied.run.config, 1) : Tensor(Shape{0});
  if (flags.from_prior) {
    if (flags.example)
      throw SettingError("example", "--from-prior begins elsewhere; leave out one");
    return {sample_prior(model, 1, applied.seed, condition), condition};
  }
  const std::int64_t example = flags.example.value_or(0);
  if (std::uint64_t(example) >= applied.examples.count()) {
    throw SettingError("example",
                       fmt::format("{}: split '{}' has examples 0 to {}", example,
                                   applied.examples.split().name, applied.examples.count() - 1));
  }
  const std::uint32_t row[] = {std::uint32_t(example)};
  const Tensor shown = examples_at(applied.examples, row);
  return {most_probable_codes(model, shown), chosen ? condition : conditions_of(model, shown)};
}

int traverse_codes(const TraverseFlags& flags, const std::vector<std::string>& given) {
  flags.output.pictures();  // refused before anything is computed
  const AppliedRun applied = apply_run(flags);
  const LoadedRun& run = applied.run;
  const CodeSpace codes = run.model->codes();
  ModelOutput output(flags.output, run, "code");
  const std::vector<double> kl = divergences(*run.model, applied.examples);
  const std::vector<std::int64_t> variables = variables_of(flags, codes, kl);
  const std::vector<double> values = values_of(flags, given, codes.of(variables.front()));
  output.check_rows("--dimensions", std::int64_t(variables.size() * values.size()));

  const Start start = start_of(flags, applied);
  const Traversal all = traverse(codes, start.z, variables, values);
  const Tensor mean = decode_means(*run.model, all.z, repeated(start.condition, all.z.shape()[0]));
  const std::vector<std::int64_t> lead{std::int64_t(variables.size()), std::int64_t(values.size())};
  std::vector<double> nats;
  for (const std::int64_t variable : variables) nats.push_back(kl[std::size_t(variable)]);
  output.add_codes("z", all.z, lead);
  output.add_data("mean", mean, lead);
  output.add("dimensions", variables);
  output.add("values", values);
  const bool known =
      std::none_of(nats.begin(), nats.end(), [](double one) { return std::isnan(one); });
  if (known) output.add("kl", nats);
  nlohmann::ordered_json told{{"run", run.name},
                              {"data", run.config.data},
                              {"split", applied.examples.split().name},
                              {"dimensions", variables}};
  if (known) told["kl"] = nats;
  if (flags.from_prior) {
    told["seed"] = applied.seed;
  } else {
    told["example"] = flags.example.value_or(0);
  }
  return output.write(traversal_grid(all, kl, mean), told, flags.common.json);
}

Action declare_traverse(CommandLine& command) {
  auto flags = std::make_shared<TraverseFlags>();
  add_run_flags(command, *flags, "of the code that --from-prior draws [the run's own]");
  add_data_flags(command, *flags);
  command.number("--example", flags->example, 0, INT64_MAX,
                 "begin at the most probable code of this example of the split [0]");
  command.flag("--from-prior", flags->from_prior, "begin at a code drawn from the prior");
  command
      .flag(
          "--dimensions",
          [flags](const std::string& text) { flags->dimensions = read_dimensions(text); },
          "the latent variables, from 0 on [the 10 of largest KL]")
      .type("D,...");
  command.real("--from", flags->from, -farthest, farthest,
               "where each begins; of bounded codes within their support");
  command.real("--to", flags->to, -farthest, farthest, "where it ends; likewise");
  command.number("--steps", flags->steps, 2, 10000, "values of each");
  add_condition_flag(command, *flags, "the example's own; of --from-prior the first label");
  add_output_flags(command, flags->output);
  command.footer(
      "One latent variable at a time takes K values, evenly spaced, or all its classes, and the "
      "others\n"
      "stay; a point on a circle goes through its angle, and other proportions are scaled. "
      "FILE.npz "
      "holds\n"
      "the arrays z [D, K, L] (one-hot codes [D, K, L, C], points [D, K, L, 2]) and mean\n"
      "[D, K, ...example], E[X|z], float32; dimensions [D]; values [K]; and, where Q(Z|x) is a\n"
      "normal or of discrete codes, kl [D], the mean of KL(Q(Z_d|x) || P0) over 500 examples of "
      "the\n"
      "split, nats, P0 being N(0, 1) or uniform; else the first variables are shown. FILE.png "
      "shows\n"
      "the means, a row for each.\n\n"
      "Examples:\n"
      "  nelbo traverse runs/burda-mnist-elbo-s0 --out traversals.png\n"
      "  nelbo traverse runs/burda-mnist-elbo-s0 --example 12 --dimensions 0,3,7 --from -2 --to 2 "
      "\\\n"
      "                 --steps 5 --out t.npz\n"
      "  nelbo traverse runs/burda-mnist-elbo-s0 --from-prior --seed 3 --out other.png");
  return [flags, command] { return traverse_codes(*flags, command.given()); };
}

}  // namespace

Command traverse_command() {
  return {"traverse", "Write E[X|z] as one latent variable at a time changes", declare_traverse};
}

}  // namespace nelbo
