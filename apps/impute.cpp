#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "apps/cli/commands.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/refusal.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/example_table.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/evaluation/imputation.hpp"
#include "lab/evaluation/inference.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/npz_write.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {
namespace {

struct ImputeFlags : RunFlags {
  std::int64_t samples = 1000;
  double hold_out = 0;  // share; 0: nothing
  std::string out;
};

/// Rows of x in the units of the data, where entries that the model was shown as they are stored stay so to
/// the bit.
void restore(const Tensor& x, const Examples& examples, bool as_stored) {
  const data::Scaling& scaling = examples.scaling();
  const auto width = std::size_t(x.shape()[1]);
  float* const values = x.data_as<float>();
  for (std::int64_t i = 0; i < x.size(); ++i) values[i] *= float(scaling.divisor);
  std::vector<float> shown(width), stored(width);
  for (std::uint32_t n = 0; n < x.shape()[0]; ++n) {
    float* const row = values + n * width;
    scaling.restore(row);
    if (!as_stored) continue;
    examples.fill_features(shown.data(), {&n, 1}, 0);
    examples.split().images.write(n, data::Scaling(), stored.data());
    for (std::size_t d = 0; d < width; ++d) {
      if (!std::isnan(shown[d])) row[d] = stored[d];
    }
  }
}

std::string csv_of(const Tensor& x) {
  const std::int64_t width = x.shape()[1];
  std::string text;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    text += fmt::format("{}{}", x.data_as<float>()[i], (i + 1) % width == 0 ? "\n" : ",");
  }
  return text;
}

/// 1 where the model was shown the entry.
std::vector<std::uint8_t> observed_of(const Examples& examples) {
  std::vector<float> x(examples.features());
  std::vector<std::uint8_t> all;
  for (std::uint32_t i = 0; i < examples.count(); ++i) {
    examples.fill_features(x.data(), {&i, 1}, 0);
    for (const float value : x) all.push_back(!std::isnan(value));
  }
  return all;
}

void write(const ImputeFlags& flags, const Imputation& of, const Examples& examples,
           bool as_stored) {
  restore(of.x, examples, as_stored);
  if (flags.out.ends_with(".csv")) return write_file_atomically(flags.out, csv_of(of.x));
  const auto count = std::int64_t(examples.count());
  std::vector<std::int64_t> shape = examples.split().images.shape();
  shape.insert(shape.begin(), count);
  const std::vector<std::uint8_t> observed = observed_of(examples);
  write_npz(flags.out,
            std::map<std::string, data::ArrayView>{
                {"x", {data::StoredType::float32, shape, of.x.data()}},
                {"observed", {data::StoredType::uint8, shape, observed.data()}},
                {"effective", {data::StoredType::float64, {count}, of.effective.data()}}});
}

int impute_examples(const ImputeFlags& flags) {
  check_table("out", flags.out);
  if (flags.out.empty() && flags.hold_out == 0) {
    throw SettingError("out", "is missing; name a file, or --hold-out a share to measure alone");
  }
  const AppliedRun applied = apply_run(flags);
  Examples seen = applied.examples;
  if (flags.hold_out > 0) seen.hide(flags.hold_out, applied.seed);
  const Imputation of = impute(*applied.run.model, seen, std::size_t(flags.samples), applied.seed);
  if (const auto row = row_not_finite(of.x)) {
    return refuse_not_finite(fmt::format("an imputed entry of example {}", *row));
  }
  double effective = 0;
  for (const double one : of.effective) effective += one / double(of.effective.size());
  nlohmann::ordered_json told{{"run", applied.run.name},    {"data", applied.run.config.data},
                              {"split", seen.split().name}, {"count", seen.count()},
                              {"samples", flags.samples},   {"effective", effective},
                              {"seed", applied.seed}};
  std::string text = fmt::format("{} examples, {} samples each, {:.4g} of them effective",
                                 seen.count(), flags.samples, effective);
  if (flags.hold_out > 0) {
    const HeldBackErrors errors =
        read_setting("hold_out", [&] { return held_back_errors(applied.examples, seen, of); });
    told.update({{"hold_out", flags.hold_out},
                 {"entries", errors.entries},
                 {"rmse", errors.imputed},
                 {"mean_rmse", errors.mean}});
    text += fmt::format(
        "\n{} entries held back: root mean squared error {:.5g}; of the features' means {:.5g}",
        errors.entries, errors.imputed, errors.mean);
  }
  if (!flags.out.empty()) {
    write(flags, of, seen, applied.run.config.binarize == "none");
    told["out"] = flags.out;
    text = data::one_line(flags.out) + ": " + text;
  }
  if (flags.common.json) {
    print_json(told);
  } else {
    std::cout << text << "\n";
  }
  return exit_done;
}

Action declare_impute(CommandLine& command) {
  auto flags = std::make_shared<ImputeFlags>();
  add_run_flags(command, *flags, "of samples and of what is held back [the run's own]");
  add_data_flags(command, *flags);
  command.number("--samples", flags->samples, 1, 10'000'000, "K, of z for each example");
  command.real("--hold-out", flags->hold_out, 0, 0.99,
               "hide this share of the entries, chosen by the seed, and tell the error there");
  command
      .flag("--out", flags->out,
            "the examples with nothing missing, in the units of the data: arrays x, observed and "
            "effective [N], or a table")
      .type("FILE.npz|csv");
  command.footer(
      "The mean E[X|x_obs] of every missing entry by self-normalised importance sampling: samples "
      "z of\n"
      "Q(Z|x_obs), weighed by P(x_obs, z) / Q(z|x_obs). For runs of `nelbo train --missing zeros` "
      "or\n"
      "mask. `effective` is 1 / sum w^2, of K: where it is near 1 more samples are needed. The "
      "error is\n"
      "on the scale that the model sees, beside that of each feature's mean over what is seen of "
      "it.\n\n"
      "Examples:\n"
      "  nelbo impute runs/table --out whole.csv\n"
      "  nelbo impute runs/table --split train --samples 10000 --out whole.npz\n"
      "  nelbo impute runs/table --hold-out 0.5 --json");
  return [flags] { return impute_examples(*flags); };
}

}  // namespace

Command impute_command() {
  return {"impute", "Fill in missing entries by a trained model", declare_impute};
}

}  // namespace nelbo
