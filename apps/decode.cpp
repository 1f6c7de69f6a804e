#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
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
  bool labelled = false;  // hold labels of their own
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

/// What is left of `shape` without the axes of one code, of so many numbers, at its end; nothing where there are
/// none.
std::optional<std::vector<std::int64_t>> before_code(std::vector<std::int64_t> shape,
                                                     std::int64_t dimensions) {
  std::int64_t numbers = 1;
  while (shape.size() > 1 && numbers < dimensions) {
    numbers *= shape.back();
    shape.pop_back();
    if (numbers == dimensions) return shape;
  }
  return std::nullopt;
}

[[noreturn]] void fail_shape(const std::string& spec, const std::vector<std::int64_t>& shape,
                             const CodeSpace& codes) {
  const std::int64_t own = codes.first(codes.variables);
  std::string one = own == codes.variables * codes.width() && codes.width() > 1
                        ? fmt::format("[{}, {}] or [{}]", codes.variables, codes.width(), own)
                        : fmt::format("[{}]", own);
  if (codes.labels > 0) one += fmt::format(", or with a label [{}]", codes.dimensions());
  fail(spec, "an array of shape {} holds no codes of shape {} along its last axes",
       data::shape_text(shape), one);
}

/// Throws Error where a row is no code: another number than 0 and 1 of a bit, or a one-hot row, of a variable or
/// a label, without its one 1.
void check_codes(const std::string& spec, const Tensor& z, const CodeSpace& codes, bool labelled) {
  const std::int64_t width = codes.kind == CodeSpace::Kind::one_hot ? codes.classes : codes.labels;
  const std::int64_t first = codes.discrete() ? 0 : codes.first(codes.variables);
  if (!codes.discrete() && !labelled) return;
  const float* const all = z.data_as<float>();
  const std::int64_t dimensions = z.shape()[1];
  for (std::int64_t row = 0; row < z.shape()[0]; ++row) {
    double sum = 0;
    for (std::int64_t d = first; d < dimensions; ++d) {
      const float value = all[row * dimensions + d];
      if (value != 0 && value != 1) {
        fail(spec, "row {}: {} is no number of a {} code, which are 0 and 1{}", row + 1, value,
             codes.text(),
             codes.kind == CodeSpace::Kind::binary ? "" : ", one 1 in each one-hot row");
      }
      sum += value;
      if (codes.kind == CodeSpace::Kind::binary || (d - first + 1) % width != 0) continue;
      if (sum != 1) fail(spec, "row {}: a one-hot row holds {} ones, not 1", row + 1, sum);
      sum = 0;
    }
  }
}

Codes read_codes(const std::string& spec, const LoadedModel& run, const ModelOutput& output) {
  const auto [file, member] = file_and_member(spec);
  const data::Images rows = data::read_file(file, member, "none").split.images;
  std::vector<std::int64_t> shape{rows.count()};
  // A list of single numbers is told as examples of shape 1.
  shape.insert(shape.end(), rows.shape().begin(), rows.shape().end());
  const CodeSpace codes = run.model->codes();
  // Codes without their label are of the one that is told.
  const std::int64_t own = codes.first(codes.variables);
  std::optional<std::vector<std::int64_t>> lead = before_code(shape, own);
  const bool labelled = codes.labels > 0 && !lead;
  if (labelled) lead = before_code(shape, codes.dimensions());
  if (!lead) fail_shape(spec, shape, codes);
  const std::int64_t given = labelled ? codes.dimensions() : own;
  Codes all{.labelled = labelled, .lead = *std::move(lead)};
  const std::int64_t count = rows.count() * rows.features() / given;
  output.check_rows(spec, count);
  Tensor z({count, given});
  for (std::int64_t i = 0; i < rows.count(); ++i) {
    rows.write(i, data::Scaling(1), z.data_as<float>() + i * rows.features());
  }
  check_codes(spec, z, codes, labelled);
  all.z = given == codes.dimensions()
              ? z
              : shown_rows(z, Tensor::full({count, codes.labels}, 0, DType::f32));
  return all;
}

int decode(const DecodeFlags& flags) {
  flags.output.pictures();  // refused before anything is computed
  flags.common.apply_threads();
  const LoadedModel run = open_model(flags.run);
  for (const std::string& note : run.notes) tell(note);
  ModelOutput output(flags.output, run, "code");
  const Codes codes = read_codes(flags.z, run, output);
  const std::int64_t count = codes.z.shape()[0];
  const Tensor conditions = codes.labelled ? chosen_conditions_of_codes(flags, run.config, count)
                                           : chosen_conditions(flags, run.config, count);
  const Tensor mean = decode_means(*run.model, codes.z, conditions);
  output.add_codes("z", codes.z, codes.lead);
  output.add_data("mean", mean, codes.lead);
  return output.write(square_grid(mean),
                      {{"run", run.name}, {"codes", flags.z}, {"count", codes.z.shape()[0]}},
                      flags.common.json);
}

Action declare_decode(CommandLine& command) {
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

Command decode_command() { return {"decode", "Write E[X|z] of given codes", declare_decode}; }

}  // namespace nelbo
