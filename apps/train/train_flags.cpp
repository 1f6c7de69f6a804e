#include "apps/train/train_flags.hpp"

#include "apps/train/presets.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/data/data_words.hpp"
#include "lab/training/optimizers.hpp"
#include "lab/training/run_folder.hpp"
#include "lab/training/seed_list.hpp"
#include "models/architectures/architecture.hpp"

namespace nelbo {
namespace {

constexpr std::int64_t most = std::int64_t{1} << 62;

/// The flag of a setting.
struct SettingFlag {
  std::string setting;
  std::string type;  // what stands for the value in the help; "": a switch
  std::string help;
};

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

/// A text that is no value of a setting is refused where it stands.
void declare(CommandLine& command, TrainFlags& flags, const std::string& heading,
             const std::vector<SettingFlag>& settings) {
  command.group(heading);
  for (const SettingFlag& one : settings) {
    const auto keep = [&flags, name = one.setting](const std::string& text) {
      TrainConfig scratch;
      try {
        apply_setting(scratch, name, text);
      } catch (const SettingError& error) {
        throw SettingError("", error.reason());
      }
      flags.settings.emplace_back(name, text);
    };
    const std::string name = flag_of(one.setting);
    if (one.type.empty()) {
      command.flag_or_not(
          name, [keep](bool yes) { keep(yes ? "true" : "false"); }, one.help);
    } else {
      command.flag(name, keep, one.help).type(one.type);
    }
  }
}

std::vector<SettingFlag> data_flags() {
  return {
      {"data", "SPEC",
       "a file, a folder, FILE:member, or\n" + choices(data::data_sets().all(), "[sprites]")},
      {"scale", "HOW",
       "none, a divisor such as 255, or standard: features less their mean, by their deviation, "
       "with densities still those of the data [255 for pixels, else none]"},
      {"label", "NAME", "the column or array of labels, or none [what is clearly labels]"},
      {"binarize", "HOW", "none, threshold, fixed or dynamic [none]"},
      {"crop", "HxW", "the middle of each picture"},
      {"resize", "HxW", "pictures of another size, by area means: 28x28"},
      {"channels", "N", "1: grey, by luma; 3: grey as red, green and blue [as they are]"},
      {"invert", "", "1 - x of values up to 1, 255 - x of other pixels, else the greatest less x"},
      {"subset", "N", "training examples that are kept, chosen by the seed [all]"},
      {"holdout", "X", "share held out as test where the data bring no test split [0.1]"},
      {"validation", "X",
       "share of the training examples that chooses best.safetensors [none, or the data's own "
       "split valid]"},
  };
}

std::vector<SettingFlag> model_flags() {
  return {
      {"model", "NAME", choices(architectures().all(), "[mlp]")},
      {"latent", "N", "latent variables [the model's own]"},
      {"hidden", "W,W", "widths of the hidden layers of mlp [500]"},
      {"likelihood", "NAME", "P(X|z)\n" + choices(likelihoods().all(), "[bernoulli]")},
      {"prior", "NAME",
       "P0(Z); where its divergence has no closed form the objective wants div(mc)\n" +
           choices(priors().all(), "[normal, or uniform for discrete codes]")},
      {"posterior", "NAME", "Q(Z|x)\n" + choices(posteriors().all(), "[diagonal]")},
  };
}

std::vector<SettingFlag> training_flags() {
  return {
      {"objective", "EXPR",
       "what is improved: a bound or a named objective (elbo, \"iw(m=5)\", "
       "\"beta_tcvae(beta=6)\") or an expression of terms (\"nell + 4*div\"); `nelbo objectives` "
       "lists them all [elbo]"},
      {"estimator", "NAME",
       "gradient estimator of the objective's bounds: reparam, stl, dreg, score, vimco, ... or by "
       "group, phi=dreg,theta=reparam; `nelbo objectives` lists them all [reparam]"},
      {"batch", "N", "examples per step [100]"},
      {"lr", "X", "learning rate [0.001]"},
      {"optimizer", "NAME", choices(optimizers().all(), "[adam]")},
      {"patience", "N",
       "end the run after N epochs without a better objective on the validation examples; with no "
       "split valid in the data it holds out a tenth of the training examples [0: never]"},
      {"patience_from", "EPOCH", "the epochs up to this one are none of them [0]"},
  };
}

void declare_run(CommandLine& command, TrainFlags& flags) {
  command.group("Run");
  command.number("--epochs", flags.epochs, 1, (std::int64_t{1} << 32) - 1,
                 "passes over the training data; with --resume further ones [10]");
  command.number("--steps", flags.steps, 1, most,
                 "steps instead of epochs; with --resume further ones");
  command.number("--log-gradient-snr", flags.log_gradient_snr, 1, most,
                 "every N steps, the signal-to-noise ratio of theta's and phi's gradients, into "
                 "gradient_snr.jsonl [never]");
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

}  // namespace

void declare_train_flags(CommandLine& command, TrainFlags& flags) {
  declare(command, flags, "Data", data_flags());
  declare(command, flags, "Model", model_flags());
  declare(command, flags, "Training", training_flags());
  declare_run(command, flags);
  command.group("");
  add_common_flags(command, flags.common, "seed of everything random [0]");
  command
      .flag(
          "--seeds", [&flags](const std::string& text) { flags.seeds = read_seeds(text); },
          "one run of each seed, one after the other, and their mean and standard deviation: 0..4, "
          "or "
          "1,3,5; with --out DIR in DIR/s0, DIR/s1, ...")
      .type("A..B");
  command.flag("--quiet", flags.quiet, "no header and no progress");
}

TrainConfig merged_config(const TrainFlags& flags) {
  TrainConfig config;
  if (flags.preset) apply_toml(config, preset_text(*flags.preset), "preset " + *flags.preset);
  if (flags.config) apply_toml(config, read_text(*flags.config), *flags.config);
  for (const auto& [name, text] : flags.settings) apply_setting(config, name, text);
  if (flags.common.seed) config.seed = std::uint64_t(*flags.common.seed);
  if (flags.epochs || flags.steps) {
    config.epochs.reset();
    config.steps.reset();
    if (flags.epochs) config.epochs = std::uint64_t(*flags.epochs);
    if (flags.steps) config.steps = std::uint64_t(*flags.steps);
  }
  return config;
}

}  // namespace nelbo
