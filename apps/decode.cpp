#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "apps/cli/commands.hpp"
#include "apps/cli/fail.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/reports/model_output.hpp"
#include "apps/reports/pictures.hpp"
#include "lab/data/read_file.hpp"
#include "lab/evaluation/inference.hpp"
#include "lab/files/input.hpp"
#include "lab/files/npz.hpp"
#include "lab/files/recognise.hpp"

namespace nelbo {
namespace {

struct DecodeFlags : RunFlags {
  std::string z;
  OutputFlags output;
};

/// Codes [R, D], and the axes of the file before those of one code.
struct Codes {
  Tensor z = Tensor(Shape{0});
  std::vector<std::int64_t> lead;
};

/// FILE or FILE:member; of an archive that has several arrays z, where nothing is said.
std::pair<std::string, std::string> file_and_member(const std::string& spec) {
  std::error_code none;
  const std::size_t colon = spec.rfind(':');
  if (colon != std::string::npos && colon > 0 && !std::filesystem::exists(spec, none)) {
    return {spec.substr(0, colon), spec.substr(colon + 1)};
  }
  const auto input = data::Input::open(spec);
  const bool has_z = data::recognise_named(input) == data::Format::npz && data::Npz(input).has("z");
  return {spec, has_z ? "z" : ""};
}

/// Drops the axes of one code from the end of `shape`. Throws Error where there are none.
std::vector<std::int64_t> before_code(std::vector<std::int64_t> shape, const CodeSpace& codes,
                                      const std::string& spec) {
  const std::string given = data::shape_text(shape);
  std::int64_t numbers = 1;
  while (shape.size() > 1) {
    numbers *= shape.back();
    shape.pop_back();
    if (numbers == codes.dimensions()) return shape;
    if (numbers > codes.dimensions()) break;
  }
  const std::string one =
      codes.dimensions() == codes.variables * codes.width() && codes.width() > 1
          ? fmt::format("[{}, {}] or [{}]", codes.variables, codes.width(), codes.dimensions())
          : fmt::format("[{}]", codes.dimensions());
  fail(spec, "an array of shape {} holds no codes of shape {} along its last axes", given, one);
}

Codes read_codes(const std::string& spec, const LoadedModel& run, const ModelOutput& output) {
  const auto [file, member] = file_and_member(spec);
  const data::Images rows = data::read_file(file, member, "none").split.images;
  std::vector<std::int64_t> shape{rows.count()};
  // A list of single numbers is told as examples of shape 1.
  shape.insert(shape.end(), rows.shape().begin(), rows.shape().end());
  const CodeSpace codes = run.model->codes();
  Codes all{.lead = before_code(std::move(shape), codes, spec)};
  const std::int64_t count = rows.count() * rows.features() / codes.dimensions();
  output.check_rows(spec, count);
  all.z = Tensor({count, codes.dimensions()});
  for (std::int64_t i = 0; i < rows.count(); ++i) {
    rows.write(i, data::Scaling(1), all.z.data_as<float>() + i * rows.features());
  }
  return all;
}

int decode(const DecodeFlags& flags) {
  flags.output.pictures();  // refused before anything is computed
  flags.common.apply_threads();
  const LoadedModel run = open_model(flags.run);
  for (const std::string& note : run.notes) tell(note);
  ModelOutput output(flags.output, run, "code");
  const Codes codes = read_codes(flags.z, run, output);
  const Tensor mean =
      decode_means(*run.model, codes.z, chosen_conditions(flags, run.config, codes.z.shape()[0]));
  output.add_codes("z", codes.z, codes.lead);
  output.add_data("mean", mean, codes.lead);
  return output.write(square_grid(mean),
                      {{"run", run.name}, {"codes", flags.z}, {"count", codes.z.shape()[0]}},
                      flags.common.json);
}

Action declare(CommandLine& command) {
  auto flags = std::make_shared<DecodeFlags>();
  add_run_flags(command, *flags, "not used: means need no noise");
  command
      .flag("--z", flags->z,
            "the codes, [N, L]: FILE.npz (its array z), FILE.npz:member, FILE.npy or FILE.csv")
      .required()
      .type("FILE");
  add_condition_flag(command, *flags, "the labels in turn");
  add_output_flags(command, flags->output);
  command.footer(
      "The decoder's mean E[X|z] of every code. FILE.npz holds the arrays z [N, L] (one-hot codes\n"
      "[N, L, K]) and mean [N, ...example], float32; FILE.png shows the means. Codes with more "
      "axes\n"
      "before the last, as traverse writes them, keep them.\n\n"
      "Examples:\n"
      "  nelbo encode runs/burda-mnist-elbo-s0 --out codes.npz\n"
      "  nelbo decode runs/burda-mnist-elbo-s0 --z codes.npz:mean --out means.npz\n"
      "  nelbo decode runs/burda-mnist-elbo-s0 --z mine.csv --out mine.png");
  return [flags] { return decode(*flags); };
}

}  // namespace

Command decode_command() { return {"decode", "Write E[X|z] of given codes", declare}; }

}  // namespace nelbo
