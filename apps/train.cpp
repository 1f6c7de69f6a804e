#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "apps/cli/commands.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/ranks_here.hpp"
#include "apps/cli/signals.hpp"
#include "apps/cli/words_given.hpp"
#include "apps/exit_code.hpp"
#include "apps/published/comparison.hpp"
#include "apps/train/train_flags.hpp"
#include "apps/train/train_seeds.hpp"
#include "apps/train/training_run.hpp"
#include "autodiff/setting_error.hpp"

namespace nelbo {
namespace {

std::optional<std::uint64_t> count_of(const std::optional<std::int64_t>& flag) {
  if (!flag) return std::nullopt;
  return std::uint64_t(*flag);
}

/// A run continues with its own settings.
void check_resumes(const std::vector<std::string>& given) {
  const std::vector<std::string> allowed{"--resume",   "--change",  "--epochs",          "--steps",
                                         "--threads",  "--memory",  "--quiet",           "--json",
                                         "--pictures", "--profile", "--log-gradient-snr"};
  for (const std::string& name : given) {
    if (std::find(allowed.begin(), allowed.end(), name) != allowed.end()) continue;
    const std::string setting = setting_of(name);
    throw SettingError(
        setting,
        "cannot be given with --resume: a run continues with its own "
        "settings; " +
            (may_change(setting) ? "to change this one say --change " + setting + "=VALUE"
                                 : std::string("for others start a new run")));
  }
}

/// Says what a run came to, of a preset also beside what is published of it; returns its exit code.
int told(const RunEnd& end, const TrainFlags& flags) {
  if (!ranks_here().first()) return end.exit_code;
  const bool json = flags.common.json;
  if (!json && end.profile) std::cout << profile_text(*end.profile);
  if (!end.result) return end.exit_code;
  if (!json) std::cout << result_text(*end.result) << std::flush;
  const auto comparison = compare_with_source(end.result->folder, flags.common.quiet);
  if (json) {
    nlohmann::ordered_json object = to_json(*end.result);
    if (comparison) object["comparison"] = to_json(*comparison);
    if (end.profile) object["profile"] = to_json(*end.profile);
    print_json(object);
  } else if (comparison) {
    std::cout << comparison_text(*comparison);
  }
  const int signal = pending_signal();
  return end.exit_code == exit_done && signal != 0 ? exit_code_of_signal(signal) : end.exit_code;
}

int run_train(const TrainFlags& flags, const std::vector<std::string>& given) {
  RunOptions options{.quiet = flags.common.quiet,
                     .log_gradient_snr = std::uint64_t(flags.log_gradient_snr.value_or(0)),
                     .pictures = std::uint64_t(flags.pictures.value_or(0)),
                     .profile = flags.profile,
                     .memory = flags.memory == "low" ? Memory::low : Memory::ample,
                     .argv = words_given()};
  if (flags.resume) {
    check_resumes(given);
    install_signal_handlers();
    flags.common.apply_threads();
    return told(resume_run(*flags.resume,
                           {count_of(flags.epochs), count_of(flags.steps), flags.changes}, options),
                flags);
  }
  if (!flags.changes.empty()) {
    throw SettingError("change", "goes with --resume; of a new run name the setting itself");
  }
  std::optional<TrainPlan> plan;
  together(ranks_here(), [&] {
    const TrainConfig config = merged_config(flags);
    options.preset = preset_use(flags, config);
    plan = resolve(config);
  });
  install_signal_handlers();
  flags.common.apply_threads();
  if (flags.seeds.empty()) return told(start_run(*plan, flags.out.value_or(""), options), flags);
  if (flags.common.seed) throw SettingError("seeds", "says what --seed says; give one of them");
  if (flags.profile)
    throw SettingError("profile", "is of one run; give --seed in the place of --seeds");
  return train_seeds(*plan, flags.seeds, flags.out.value_or(""), options, flags.common.json);
}

constexpr const char* train_header = R"help(Examples:
  nelbo train --preset quickstart
  nelbo train --data mnist/ --binarize dynamic --model burda --epochs 10
  nelbo train --data sprites --objective "nell + 4*div" --out runs/beta4)help";

constexpr const char* train_footer =
    R"help(Results go to stdout, progress to stderr. The run folder holds config.toml, run.json,
metrics.jsonl, checkpoints/, images/ and report.html. Ctrl-C saves, and prints how to resume.

Further examples:
  nelbo train --data faces.npz:imgs --model mlp --hidden 500,200 --latent 10 \
              --likelihood normal:learned --objective "nell + 4*div"
  nelbo train --data sprites --objective "nell + mi + anneal(1, 6, steps=500)*tc + dwkl"
  nelbo train --data sprites --objective "iw(m=8)" --estimator phi=dreg,theta=reparam
  nelbo train --data mnist/ --binarize dynamic --epochs 100 --patience 5 --seeds 0..4
  nelbo train --data mnist/ --model burda --epochs 1 --threads 2 --profile
  nelbo train --preset iwae-5 --recipe hour --data mnist/
  nelbo train --resume runs/burda-mnist-elbo-s0 --epochs 5
  nelbo train --resume runs/burda-mnist-elbo-s0 --change lr=1e-4)help";

Action declare_train(CommandLine& command) {
  auto flags = std::make_shared<TrainFlags>();
  command.header(train_header);
  command.footer(train_footer);
  declare_train_flags(command, *flags);
  return [flags, command] { return run_train(*flags, command.given()); };
}

}  // namespace

Command train_command() { return {"train", "Train a variational autoencoder", declare_train}; }

}  // namespace nelbo
