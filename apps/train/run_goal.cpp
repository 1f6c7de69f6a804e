#include "apps/train/run_goal.hpp"

#include <fmt/format.h>

#include "apps/cli/program_name.hpp"
#include "apps/reports/mean_text.hpp"
#include "apps/reports/run_report.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/files/one_line.hpp"
#include "lab/files/shell_word.hpp"
#include "lab/training/learning_rates.hpp"
#include "lab/training/objective_weights.hpp"

namespace nelbo {

void go_further(TrainConfig& config, const TrainState& state, const Further& further) {
  if (further.epochs) {
    config.epochs = state.epoch + *further.epochs;
    config.steps.reset();
  }
  if (further.steps) {
    config.steps = state.step + *further.steps;
    config.epochs.reset();
  }
}

std::string resume_command(const std::vector<std::string>& argv, const RunFolder& folder) {
  const std::string program = argv.empty() ? program_name() : argv.front();
  return data::shell_word(program) + " train --resume " +
         data::printable(data::shell_word(folder.path().string()), "");
}

std::string interrupted_text(const TrainState& state, const std::vector<std::string>& argv,
                             const RunFolder& folder) {
  return fmt::format("interrupted after step {}; continue with\n  {}\n{}", state.step,
                     resume_command(argv, folder), report_line(folder));
}

std::string not_finite_text(const NotFinite& error, const std::vector<std::string>& argv,
                            const RunFolder& folder, const TrainConfig& config) {
  return fmt::format(
      "{}{}\n{}the last good checkpoint is {}; go on from it with\n  {} --change {}\n",
      message_head(), data::one_line(error.what()), message_indent(), data::one_line(folder.last()),
      resume_command(argv, folder), data::shell_word("lr=" + tenth_of(config.lr)));
}

TrainingTime run_goal(const TrainConfig& config, const Trainer& trainer) {
  return config.steps ? trainer.after_steps(*config.steps) : trainer.after_epochs(*config.epochs);
}

std::string end_of_run(const TrainConfig& config, const Trainer& trainer) {
  const TrainState& state = trainer.state();
  if (config.epochs && state.epoch >= *config.epochs) return "epochs";
  if (config.steps && state.step >= *config.steps) return "steps";
  if (trainer.out_of_patience() && state.batch == 0) return "patience";
  return "";
}

std::string patience_text(const TrainConfig& config, const Trainer& trainer) {
  if (end_of_run(config, trainer) != "patience") return "";
  const TrainState& state = trainer.state();
  return fmt::format("no better objective on valid for {}, since epoch {}",
                     counted(state.epoch - state.best_epoch, "epoch"), state.best_epoch);
}

void refuse_ended(const TrainConfig& config, const Trainer& trainer, const RunFolder& folder) {
  const std::string end = end_of_run(config, trainer);
  if (end.empty()) return;
  if (end == "patience") {
    throw SettingError("resume",
                       fmt::format("{}: early stopping ended the run: {}; to go on say "
                                   "--change patience=N, 0 for none",
                                   folder.path().string(), patience_text(config, trainer)));
  }
  throw SettingError(
      "resume",
      fmt::format("{}: the run has reached its end (epoch {}, step {}); say how far to go on with "
                  "--epochs or --steps",
                  folder.path().string(), trainer.state().epoch, trainer.state().step));
}

void check_weights_finite(const Trainer& trainer, const TrainingTime& goal) {
  const std::string why = weights_overflow(trainer.objective(), goal);
  if (!why.empty()) throw SettingError("objective", why + "; train shorter, or let it grow slower");
}

}  // namespace nelbo
