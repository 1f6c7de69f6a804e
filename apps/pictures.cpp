#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "apps/cli/commands.hpp"
#include "apps/cli/fail.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/refusal.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/pictures.hpp"
#include "autodiff/error.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/one_line.hpp"
#include "lab/files/system_reason.hpp"
#include "lab/training/run_folder.hpp"

namespace nelbo {
namespace {

namespace fs = std::filesystem;

struct PicturesFlags : RunFlags {
  std::string out;  // empty: the run's own images/
};

/// Makes the folder that pictures go to, if it is not there.
void make(const fs::path& folder) {
  read_setting("out", [&] { check_output_folder(folder.string()); });
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) fail(folder.string(), "cannot be made: {}", data::system_reason(failure.value()));
}

int draw_pictures(const PicturesFlags& flags) {
  const AppliedRun applied = apply_run(flags);
  const LoadedRun& run = applied.run;
  const std::string none = why_no_pictures(*run.model, run.config.example);
  if (!none.empty()) throw Error(run.name + ": " + none);

  std::optional<RunLock> lock;  // who trains in a run writes its pictures
  fs::path folder = flags.out;
  if (flags.out.empty()) {
    if (run.name != run.folder.string()) {
      throw SettingError("out", run.name + " stands alone; name the folder");
    }
    lock.emplace(RunFolder::open(run.folder).take());
    folder = run.folder / "images";
  }
  make(folder);
  const Pictures pictures(*run.model, applied.examples, run.config, applied.seed);
  if (const auto what = pictures.write(folder)) return refuse_not_finite(*what);
  if (flags.common.json) {
    print_json({{"run", run.name},
                {"out", folder.string()},
                {"data", run.config.data},
                {"split", applied.examples.split().name},
                {"step", run.time.step},
                {"seed", applied.seed}});
  } else {
    std::cout << "pictures: " << data::one_line(folder.string()) << "\n";
  }
  return exit_done;
}

Action declare_pictures(CommandLine& command) {
  auto flags = std::make_shared<PicturesFlags>();
  add_run_flags(command, *flags, "of the samples [the run's own]");
  add_data_flags(command, *flags);
  command.flag("--out", flags->out, "the folder; pictures there are replaced [images of the run]")
      .type("DIR");
  command.footer(
      "Draws again what training draws: reconstructions.png, rows of examples, each above its\n"
      "reconstructions; samples.png, E[X|z] of 64 draws of the prior; traversals.png, a row for "
      "each of\n"
      "the 10 latent variables of largest KL, told in nats, in which it goes from -3 to 3 or "
      "through its\n"
      "classes.\n\n"
      "Examples:\n"
      "  nelbo pictures runs/burda-mnist-elbo-s0\n"
      "  nelbo pictures runs/burda-mnist-elbo-s0/checkpoints/best.safetensors --out best\n"
      "  nelbo pictures runs/burda-mnist-elbo-s0 --data fashion-mnist --out other");
  return [flags] { return draw_pictures(*flags); };
}

}  // namespace

Command pictures_command() {
  return {"pictures", "Draw a trained model's reconstructions, samples and traversals",
          declare_pictures};
}

}  // namespace nelbo
