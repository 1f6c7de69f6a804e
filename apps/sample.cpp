#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "apps/cli/commands.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/refusal.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/cli/standard_streams.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/mean_text.hpp"
#include "apps/reports/pictures.hpp"
#include "autodiff/error.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/evaluation/inference.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/one_line.hpp"
#include "lab/training/run_data.hpp"

namespace nelbo {
namespace {

constexpr std::int64_t most_samples = 10000;
constexpr std::int64_t most_pixels = std::int64_t{1} << 27;  // 1 GiB in all that is held at once

struct SampleFlags : RunFlags {
  std::int64_t n = 64;
  std::string out;
};

int sample_pictures(const SampleFlags& flags) {
  read_setting("out", [&] { check_output(flags.out); });
  flags.common.apply_threads();
  const LoadedModel run = open_model(flags.run);
  for (const std::string& note : run.notes) tell(note);
  const std::uint64_t seed = flags.seed(run.config);
  const std::optional<PictureShape> shape = picture_shape(run.config.example);
  if (!shape) {
    throw Error(run.name + ": " + no_pictures(run.config.example) +
                ", so samples of them cannot be drawn");
  }
  if (flags.n > most_pixels / run.model->features()) {
    throw Error(
        fmt::format("--n {}: so many pictures of {} x {} are too large for one file; at most {}",
                    flags.n, shape->height, shape->width, most_pixels / run.model->features()));
  }
  const Tensor means =
      decode_means(*run.model, sample_prior(*run.model, std::size_t(flags.n), seed));
  if (const auto row = row_not_finite(means)) {
    return refuse_not_finite(fmt::format("sample {}", *row));
  }
  const auto columns = std::size_t(std::ceil(std::sqrt(double(flags.n))));
  write_pictures(flags.out, means, *shape, columns, scaling_of(run.config),
                 run.config.picture_range);
  if (flags.common.json) {
    print_json({{"out", flags.out}, {"n", flags.n}, {"columns", columns}, {"seed", seed}},
               beside(flags.out));
  } else {
    beside(flags.out) << fmt::format("{}: {}, {} to a row\n", data::one_line(flags.out),
                                     counted(std::uint64_t(flags.n), "sample"), columns);
  }
  return exit_done;
}

Action declare(CommandLine& command) {
  auto flags = std::make_shared<SampleFlags>();
  add_run_flags(command, *flags, "of the samples [the run's own]");
  command.number("--n", flags->n, 1, most_samples, "how many");
  command.flag("--out", flags->out, "the picture; one that exists is replaced; - is stdout")
      .required()
      .type("FILE.png");
  command.footer(
      "Each picture is the decoder's mean E[X|z] of one draw z of the prior.\n\n"
      "Examples:\n"
      "  nelbo sample runs/burda-mnist-elbo-s0 --out grid.png\n"
      "  nelbo sample runs/burda-mnist-elbo-s0 --n 100 --seed 7 --out grid.png");
  return [flags] { return sample_pictures(*flags); };
}

}  // namespace

Command sample_command() { return {"sample", "Draw pictures from a trained model", declare}; }

}  // namespace nelbo
