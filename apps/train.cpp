#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/cli/commands.hpp"
#include "apps/cli/common_flags.hpp"
#include "apps/cli/signals.hpp"
#include "apps/train/presets.hpp"
#include "apps/train/training_run.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/data/data_words.hpp"
#include "lab/training/optimizers.hpp"
#include "lab/training/run_folder.hpp"
#include "models/architectures/architecture.hpp"

namespace nelbo {
namespace {

constexpr std::int64_t most = std::int64_t{1} << 62;

/// What the command line says; nothing where it is silent, so that presets and files are not
/// overruled.
struct TrainFlags {
  CommonFlags common;
  std::optional<std::string> data, scale, label, binarize, model, hidden, likelihood, prior,
      posterior;
  std::optional<std::string> objective, estimator, optimizer;
  std::optional<std::string> out, config, preset, resume;
  std::optional<std::int64_t> latent, batch, epochs, steps, log_gradient_snr, pictures;
  std::optional<double> holdout, validation, lr;
  std::vector<std::string> changes;
  bool quiet = false;
};

std::vector<std::int64_t> widths(const std::string& text) {
  std::vector<std::int64_t> values;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    std::int64_t width = 0;
    const auto [next, error] = std::from_chars(at, end, width);
    if (error != std::errc{} || width < 1) break;
    values.push_back(width);
    if (next == end) return values;
    if (*next != ',') break;
    at = next + 1;
  }
  throw SettingError("hidden", "'" + text + "': widths are written as in 500,500");
}

template <class From, class To>
void set(To& to, const std::optional<From>& from) {
  if (from) to = To(*from);
}

void apply_flags(TrainConfig& config, const TrainFlags& flags) {
  set(config.data, flags.data);
  set(config.scale, flags.scale);
  set(config.label, flags.label);
  set(config.binarize, flags.binarize);
  set(config.model, flags.model);
  set(config.latent, flags.latent);
  if (flags.hidden) config.hidden = widths(*flags.hidden);
  set(config.likelihood, flags.likelihood);
  set(config.prior, flags.prior);
  set(config.posterior, flags.posterior);
  set(config.objective, flags.objective);
  set(config.estimator, flags.estimator);
  set(config.optimizer, flags.optimizer);
  set(config.batch, flags.batch);
  set(config.seed, flags.common.seed);
  set(config.holdout, flags.holdout);
  set(config.validation, flags.validation);
  set(config.lr, flags.lr);
  if (flags.epochs || flags.steps) {
    config.epochs.reset();
    config.steps.reset();
    set(config.epochs, flags.epochs);
    set(config.steps, flags.steps);
  }
}

/// Defaults, then the preset, then the file, then the flags.
TrainConfig merged_config(const TrainFlags& flags) {
  TrainConfig config;
  if (flags.preset) apply_toml(config, preset_text(*flags.preset), "preset " + *flags.preset);
  if (flags.config) apply_toml(config, read_text(*flags.config), *flags.config);
  apply_flags(config, flags);
  return config;
}

/// What there is to choose from, for --help: "mixture:K: K diagonal normals, learned".
template <class Entry>
std::string choices(const std::vector<Entry>& entries, const std::string& otherwise) {
  std::string text;
  for (const Entry& entry : entries) {
    if constexpr (requires { entry.usage; }) {
      text += entry.usage;
    } else {
      text += entry.name;
    }
    text += ": " + entry.summary + "\n";
  }
  return text + otherwise;
}

/// The words that started the program.
std::vector<std::string> command_line() {
  std::ifstream in("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(in, word, '\0');) words.push_back(word);
  return words;
}

std::optional<std::uint64_t> count_of(const std::optional<std::int64_t>& flag) {
  if (!flag) return std::nullopt;
  return std::uint64_t(*flag);
}

/// A run continues with its own settings.
void check_resumes(const std::vector<std::string>& given) {
  const std::vector<std::string> allowed{"--resume",  "--change", "--epochs", "--steps",
                                         "--threads", "--quiet",  "--json",   "--log-gradient-snr"};
  for (const std::string& name : given) {
    if (std::find(allowed.begin(), allowed.end(), name) != allowed.end()) continue;
    const std::string setting = name.substr(2);
    throw SettingError(
        setting,
        "cannot be given with --resume: a run continues with its own "
        "settings; " +
            (may_change(setting) ? "to change this one say --change " + setting + "=VALUE"
                                 : std::string("for others start a new run")));
  }
}

int run_train(const TrainFlags& flags, const std::vector<std::string>& given) {
  const RunOptions options{.quiet = flags.quiet,
                           .json = flags.common.json,
                           .log_gradient_snr = std::uint64_t(flags.log_gradient_snr.value_or(0)),
                           .pictures = std::uint64_t(flags.pictures.value_or(0)),
                           .argv = command_line()};
  if (flags.resume) {
    check_resumes(given);
    install_signal_handlers();
    flags.common.apply_threads();
    return resume_run(*flags.resume, {count_of(flags.epochs), count_of(flags.steps), flags.changes},
                      options);
  }
  if (!flags.changes.empty()) {
    throw SettingError("change", "goes with --resume; of a new run name the setting itself");
  }
  const TrainPlan plan = resolve(merged_config(flags));
  install_signal_handlers();
  flags.common.apply_threads();
  return start_run(plan, flags.out.value_or(""), options);
}

constexpr const char* footer =
    R"help(Results go to stdout, progress to stderr. The run folder holds config.toml, run.json,
metrics.jsonl, checkpoints/ and images/. Ctrl-C saves, and prints how to resume.

Examples:
  nelbo train --preset quickstart
  nelbo train --data mnist/ --binarize dynamic --model burda --epochs 10
  nelbo train --data faces.npz:imgs --model mlp --hidden 500,200 --latent 10 \
              --likelihood normal:learned --objective "nell + 4*div"
  nelbo train --data sprites --objective "nell + mi + anneal(1, 6, steps=500)*tc + dwkl"
  nelbo train --data sprites --objective "iw(m=8)" --estimator phi=dreg,theta=reparam
  nelbo train --resume runs/burda-mnist-elbo-s0 --epochs 5
  nelbo train --resume runs/burda-mnist-elbo-s0 --change lr=1e-4)help";

void declare_data(CommandLine& command, TrainFlags& flags) {
  command.group("Data");
  command
      .flag("--data", flags.data,
            "a file, a folder, FILE:member, or\n" + choices(data::data_sets().all(), "[sprites]"))
      .type("SPEC");
  command
      .flag("--scale", flags.scale,
            "none, a divisor such as 255, or standard: features less their mean, by their "
            "deviation, with densities still those of the data [255 for pixels, else none]")
      .type("HOW");
  command
      .flag("--label", flags.label,
            "the column or array of labels, or none [what is clearly labels]")
      .type("NAME");
  command.flag("--binarize", flags.binarize, "none, threshold, fixed or dynamic [none]")
      .type("HOW");
  command.real("--holdout", flags.holdout, 0, 0.999,
               "share held out as test where the data bring no test split [0.1]");
  command.share(
      "--validation", flags.validation,
      "share of the training examples that chooses best.safetensors [none, or the data's own "
      "split valid]");
}

void declare_model(CommandLine& command, TrainFlags& flags) {
  command.group("Model");
  command.flag("--model", flags.model, choices(architectures().all(), "[mlp]")).type("NAME");
  command.number("--latent", flags.latent, 1, 65536, "latent variables [the model's own]");
  command.flag("--hidden", flags.hidden, "widths of the hidden layers of mlp [500]").type("W,W");
  command
      .flag("--likelihood", flags.likelihood,
            "P(X|z)\n" + choices(likelihoods().all(), "[bernoulli]"))
      .type("NAME");
  command
      .flag("--prior", flags.prior,
            "P0(Z); where its divergence has no closed form the objective wants div(mc)\n" +
                choices(priors().all(), "[normal, or uniform for discrete codes]"))
      .type("NAME");
  command
      .flag("--posterior", flags.posterior, "Q(Z|x)\n" + choices(posteriors().all(), "[diagonal]"))
      .type("NAME");
}

void declare_training(CommandLine& command, TrainFlags& flags) {
  command.group("Training");
  command
      .flag("--objective", flags.objective,
            "what is improved: a bound or a named objective (elbo, \"iw(m=5)\", "
            "\"beta_tcvae(beta=6)\") or an expression of terms (\"nell + 4*div\"); `nelbo "
            "objectives` lists them all [elbo]")
      .type("EXPR");
  command
      .flag("--estimator", flags.estimator,
            "gradient estimator of the objective's bounds: reparam, stl, dreg, score, vimco, ... "
            "or by group, phi=dreg,theta=reparam; `nelbo objectives` lists them all [reparam]")
      .type("NAME");
  command.number("--epochs", flags.epochs, 1, (std::int64_t{1} << 32) - 1,
                 "passes over the training data; with --resume further ones [10]");
  command.number("--steps", flags.steps, 1, most,
                 "steps instead of epochs; with --resume further ones");
  command.number("--batch", flags.batch, 1, std::int64_t{1} << 20, "examples per step [100]");
  command.real("--lr", flags.lr, 0, 1e6, "learning rate [0.001]");
  command.flag("--optimizer", flags.optimizer, choices(optimizers().all(), "[adam]")).type("NAME");
}

void declare_run(CommandLine& command, TrainFlags& flags) {
  command.group("Run");
  command.number("--log-gradient-snr", flags.log_gradient_snr, 1, most,
                 "every N steps, the signal-to-noise ratio of theta's and phi's gradients, into "
                 "gradient_snr.jsonl [never]");
  command.number(
      "--pictures", flags.pictures, 1, most,
      "draw images/ every N epochs, and at the end; `nelbo pictures` draws them again [every "
      "10 s or so]");
  command
      .flag("--out", flags.out,
            "the run folder; refused if it is not empty [runs/MODEL-DATA-OBJECTIVE-sSEED]")
      .type("DIR");
  command
      .flag("--config", flags.config, "settings in TOML, named as the flags; flags overrule them")
      .type("FILE");
  command.flag("--preset", flags.preset, choices(presets(), "the flags overrule it")).type("NAME");
  command.flag("--resume", flags.resume, "continue a run from its last checkpoint").type("RUN");
  command
      .flag("--change", flags.changes,
            "with --resume: go on with another lr or batch, or other weights in the objective")
      .type("SETTING=VALUE");
}

Action declare(CommandLine& command) {
  auto flags = std::make_shared<TrainFlags>();
  command.footer(footer);
  declare_data(command, *flags);
  declare_model(command, *flags);
  declare_training(command, *flags);
  declare_run(command, *flags);
  command.group("");
  add_common_flags(command, flags->common, "seed of everything random [0]");
  command.flag("--quiet", flags->quiet, "no header and no progress");

  return [flags, command] { return run_train(*flags, command.given()); };
}

}  // namespace

Command train_command() { return {"train", "Train a variational autoencoder", declare}; }

}  // namespace nelbo
