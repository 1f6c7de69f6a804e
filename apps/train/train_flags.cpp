#include "apps/train/train_flags.hpp"

#include <fmt/format.h>

#include "apps/train/presets.hpp"
#include "autodiff/joined.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/data/data_words.hpp"
#include "lab/training/optimizers.hpp"
#include "lab/training/run_folder.hpp"
#include "lab/training/seed_list.hpp"
#include "models/activation_words.hpp"
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
std::string choices(const std::vector<Entry>& entries, const std::string& otherwise,
                    const std::string& indent = "") {
  std::string text;
  for (const Entry& entry : entries) {
    text += indent;
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
void declare(CommandLine& command, TrainFlags& flags, const std::vector<SettingFlag>& settings) {
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

std::vector<SettingFlag> first_flags() {
  return {
      {"data", "SPEC",
       fmt::format("{}, a file or a folder; more under Data [sprites]",
                   joined(data::data_sets().names(), ", "))},
      {"model", "NAME",
       fmt::format("{}; more under Model and its networks [mlp]",
                   joined(architectures().names(), ", "))},
      {"objective", "EXPR",
       "what is improved: a bound or a named objective (elbo, \"iw(m=5)\", "
       "\"beta_tcvae(beta=6)\") or terms (\"nell + 4*div\"); `nelbo objectives` lists them all "
       "[elbo]"},
  };
}

/// What suffices to begin, in one screen: lists of choices stand further below.
void declare_first(CommandLine& command, TrainFlags& flags) {
  command.group("To begin");
  command
      .flag("--preset", flags.preset,
            presets().front().name + ": " + presets().front().summary +
                "\nor a published table's, of `nelbo presets`; the flags overrule it")
      .type("NAME");
  declare(command, flags, first_flags());
  command.number("--epochs", flags.epochs, 1, (std::int64_t{1} << 32) - 1,
                 "passes over the training data; with --resume further ones [10]");
  command
      .flag("--out", flags.out,
            "the run folder; refused if it is not empty [runs/MODEL-DATA-OBJECTIVE-sSEED]")
      .type("DIR");
  command
      .flag("--resume", flags.resume,
            "continue a run from its last checkpoint, with its own settings")
      .type("RUN");
}

std::string data_remark() {
  return "--data takes a file, a folder, FILE:member, or\n" +
         choices(data::data_sets().all(), "", "  ");
}

std::vector<SettingFlag> data_flags() {
  return {
      {"scale", "HOW",
       "none, a divisor such as 255, or standard: features less their mean, by their deviation, "
       "with densities still those of the data [255 for pixels, else none]"},
      {"label", "NAME", "the column or array of labels, or none [what is clearly labels]"},
      {"condition", "WHAT",
       "what the model is conditioned on: labels, factors, or columns or arrays by name [nothing]"},
      {"labels_used", "N",
       "semi-supervised: the model is told N labels, as many of each, chosen by the seed, and "
       "infers "
       "the others (--condition labels) [no label is inferred]"},
      {"missing", "HOW",
       "zeros or mask: NaN, an empty field of a table, and 0 of an array `mask` are entries that "
       "are "
       "missing, and the encoder sees 0 in their place, or the mask too [none may be missing]"},
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

std::string model_remark() {
  return "--model takes (encoder / decoder, by the widths of their layers: data X, latent L)\n" +
         choices(architectures().all(), "", "  ");
}

std::vector<SettingFlag> model_flags() {
  return {
      {"latent", "N", "latent variables [the model's own]"},
      {"hidden", "W,W", "widths of the hidden layers of mlp, or none [500]"},
      {"activation", "NAME",
       "of the hidden layers of mlp: " + joined(activation_names(), ", ") +
           " [tanh; of gated layers identity]"},
      {"layer_norm", "", "mlp: hidden layers are normalised before their activation"},
      {"gated", "", "mlp: hidden layers times a gate, a sigmoid of their input's"},
      {"dropout", "P", "mlp: share of the hidden units that is dropped in training [0]"},
      {"centre", "", "mlp: the encoder sees x less the mean of the training data"},
      {"likelihood", "NAME", "P(X|z)\n" + choices(likelihoods().all(), "[bernoulli]")},
      {"prior", "NAME",
       "P0(Z); where its divergence has no closed form the objective wants div(mc)\n" +
           choices(priors().all(),
                   "[normal, or uniform for discrete codes, or the one of their support; of blocks "
                   "each's own, as in normal+uniform]")},
      {"posterior", "NAME",
       "Q(Z|x), or blocks of families with their sizes, as in diagonal:8+bernoulli:4; with a flow "
       "(affine, iaf, realnvp, planar) or student the objective wants elbo(mc)\n" +
           choices(posteriors().all(), "[diagonal]")},
      {"init_from", "RUN",
       "a run or checkpoint whose parameters are the first ones, by name, where they fit [none]"},
  };
}

std::vector<SettingFlag> objective_flags() {
  return {
      {"estimator", "NAME",
       "gradient estimator of the objective's bounds: reparam, stl, dreg, score, vimco, ... or by "
       "group, phi=dreg,theta=reparam; `nelbo objectives` lists them all [reparam]"},
      {"batch", "N", "examples per step [100]"},
      {"parts", "P",
       "compute every batch in P parts, which the processes under mpirun share; results depend on "
       "P and "
       "not on them [the processes at the first start: 1]"},
  };
}

std::vector<SettingFlag> optimizer_flags() {
  return {
      {"lr", "EXPR",
       "learning rate: a number, or a schedule such as \"cosine(1e-3, 0, steps=20000)\", "
       "\"stages(1e-3, 9, 1e-4, unit=epochs)\" or burda; by group, phi=EXPR,theta=EXPR [0.001]"},
      {"optimizer", "NAME",
       choices(optimizers().all(), "or by group, psi=sgd, the others by adam [adam]")},
      {"beta1", "X", "adam, adamw: decay of the first moment [0.9]"},
      {"beta2", "X", "adam, adamw: decay of the second moment [0.999]"},
      {"epsilon", "X", "adam, adamw: beside the root of the second moment [1e-8]"},
      {"second_moment", "X", "adam, adamw: the second moment before the first step [0]"},
      {"weight_decay", "X", "adamw: decay of the parameters [0.01]"},
      {"momentum", "X", "sgd: share of the last step that the next one keeps [0]"},
      {"clip", "NORM", "largest norm of the model's gradient [none]"},
      {"normalise_gradients", "", "bring the gradient of each parameter to norm 1"},
      {"ema", "X",
       "also keep, evaluate and save a moving average of the parameters, with this decay [none]"},
  };
}

std::vector<SettingFlag> patience_flags() {
  return {
      {"patience", "N",
       "end the run after N epochs without a better objective on the validation examples; with no "
       "split valid in the data it holds out a tenth of the training examples [0: never]"},
      {"patience_from", "EPOCH", "the epochs up to this one are none of them [0]"},
  };
}

void declare_how_long(CommandLine& command, TrainFlags& flags) {
  command.group("How long");
  command.number("--steps", flags.steps, 1, most,
                 "steps instead of --epochs; with --resume further ones");
  declare(command, flags, patience_flags());
  command
      .flag(
          "--seeds", [&flags](const std::string& text) { flags.seeds = read_seeds(text); },
          "one run of each seed, one after the other, and their mean and standard deviation: 0..4, "
          "or 1,3,5; with --out DIR in DIR/s0, DIR/s1, ...")
      .type("A..B");
}

void declare_settings(CommandLine& command, TrainFlags& flags) {
  command.group("Settings of files and other runs");
  command
      .flag("--config", flags.config, "settings in TOML, named as the flags; flags overrule them")
      .type("FILE");
  command
      .flag(
          "--recipe", flags.recipe,
          "of the preset: paper, as its source trains, or hour, what an hour is enough for [paper]")
      .type("NAME");
  command
      .flag("--like", flags.like,
            "all settings of another run; presets, files and flags overrule them")
      .type("RUN");
  command
      .flag("--change", flags.changes,
            "with --resume: go on with another lr or batch, or other weights in the objective")
      .type("SETTING=VALUE");
}

void declare_memory(CommandLine& command, TrainFlags& flags) {
  command
      .flag("--memory", flags.memory,
            "low computes the parts of a batch (--parts, or 4) one after another, each in the "
            "memory of "
            "the one before; the results are those of as many parts")
      .type("NAME")
      .one_of({"ample", "low"})
      .otherwise("ample");
}

void declare_output(CommandLine& command, TrainFlags& flags) {
  command.group("Output");
  command.number(
      "--pictures", flags.pictures, 1, most,
      "draw images/ every N epochs, and at the end [at the end of an epoch, every 10 s]");
  command.number("--log-gradient-snr", flags.log_gradient_snr, 1, most,
                 "every N steps, the signal-to-noise ratio of theta's and phi's gradients, into "
                 "gradient_snr.jsonl [never]");
  command.flag("--profile", flags.profile,
               "say at the end where the time went: by operator, direction and thread");
}

const Recipe& recipe_of(const TrainFlags& flags, const Preset& preset) {
  if (preset.evaluation.by == "study") {
    throw SettingError("preset", "'" + preset.name +
                                     "' is a study of a world, which `nelbo reproduce " +
                                     preset.name + "` makes");
  }
  return preset.recipe(flags.recipe.value_or("paper"));
}

/// Presets, files and flags over what `config` says.
TrainConfig overruled(TrainConfig config, const TrainFlags& flags) {
  if (flags.preset) {
    const Preset& preset = preset_named(*flags.preset);
    preset.apply(config, recipe_of(flags, preset));
  }
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

/// What a preset wants and nobody names is refused here.
TrainConfig with_data(TrainConfig config, const TrainFlags& flags) {
  if (config.data.empty() && flags.preset) check_data_named(preset_named(*flags.preset), config);
  return config;
}

/// What the networks of a model are made of is not another model's.
void forget_networks(TrainConfig& config) {
  const TrainConfig usual;
  config.network = usual.network;
  config.hidden = usual.hidden;
  config.linear = usual.linear;
  config.activation = usual.activation;
  config.layer_norm = usual.layer_norm;
  config.gated = usual.gated;
  config.dropout = usual.dropout;
  config.centre = usual.centre;
}

}  // namespace

void declare_train_flags(CommandLine& command, TrainFlags& flags) {
  declare_first(command, flags);
  command.group("Data", data_remark());
  declare(command, flags, data_flags());
  command.group("Model and its networks", model_remark());
  declare(command, flags, model_flags());
  command.group("Objective and gradients");
  declare(command, flags, objective_flags());
  declare_memory(command, flags);
  command.group("Rates and optimisers");
  declare(command, flags, optimizer_flags());
  declare_how_long(command, flags);
  declare_settings(command, flags);
  declare_output(command, flags);
  command.group("");
  add_common_flags(command, flags.common, "seed of everything random [0]");
}

TrainConfig merged_config(const TrainFlags& flags) {
  if (flags.recipe && !flags.preset) {
    throw SettingError("recipe", "is a preset's; name one with --preset, or leave it out");
  }
  if (!flags.like) return with_data(overruled({}, flags), flags);
  TrainConfig other = read_config(RunFolder::open(*flags.like));
  const TrainConfig config = overruled(other, flags);
  if (config.model == other.model) return with_data(config, flags);
  forget_networks(other);
  return with_data(overruled(other, flags), flags);
}

std::optional<PresetUse> preset_use(const TrainFlags& flags, const TrainConfig& merged) {
  if (!flags.preset) return std::nullopt;
  const Preset& preset = preset_named(*flags.preset);
  return use_of(preset, recipe_of(flags, preset), merged);
}

}  // namespace nelbo
