#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "apps/cli/commands.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/refusal.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/cli/standard_streams.hpp"
#include "apps/exit_code.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/evaluation/inference.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/npz_write.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {
namespace {

struct EncodeFlags : RunFlags {
  std::string out;
};

data::ArrayView view(const Tensor& tensor) {
  const auto dims = tensor.shape().dims();
  return {data::StoredType::float32, {dims.begin(), dims.end()}, tensor.data()};
}

/// What describes the posteriors, under the names of the file: [N, L], or [N, L, K] of a
/// categorical one.
std::vector<std::pair<std::string, Tensor>> arrays_of(const Encoded& q, const CodeSpace& codes) {
  if (q.log_variance.size() > 0) return {{"mean", q.mean}, {"log_variance", q.log_variance}};
  switch (codes.kind) {
    case CodeSpace::Kind::continuous:
      return {{"mean", q.mean}};
    case CodeSpace::Kind::binary:
      return {{"probabilities", q.mean}};
    case CodeSpace::Kind::one_hot:
      break;
  }
  return {{"probabilities", q.mean.reshape({q.mean.shape()[0], codes.variables, codes.classes})}};
}

int encode_examples(const EncodeFlags& flags) {
  read_setting("out", [&] { check_output(flags.out); });
  const AppliedRun applied = apply_run(flags);
  const CodeSpace codes = applied.run.model->codes();
  const Encoded q = encode(*applied.run.model, applied.examples);
  const std::vector<std::int64_t>& labels = applied.examples.split().labels;
  const auto described = arrays_of(q, codes);
  for (const auto& [name, values] : described) {
    const Tensor rows = values.reshape({values.shape()[0], values.size() / values.shape()[0]});
    if (const auto row = row_not_finite(rows)) {
      return refuse_not_finite(fmt::format("'{}' of example {}", name, *row));
    }
  }
  std::map<std::string, data::ArrayView> arrays;
  std::vector<std::string> names;
  for (const auto& [name, values] : described) {
    arrays[name] = view(values);
    names.push_back(name);
  }
  if (!labels.empty()) {
    arrays["labels"] = {data::StoredType::int64, {std::int64_t(labels.size())}, labels.data()};
  }
  write_npz(flags.out, arrays);

  const std::int64_t count = q.mean.shape()[0], latent = codes.variables;
  if (flags.common.json) {
    print_json({{"out", flags.out},
                {"data", applied.run.config.data},
                {"split", applied.examples.split().name},
                {"count", count},
                {"latent", latent},
                {"labels", !labels.empty()}},
               beside(flags.out));
  } else {
    beside(flags.out) << fmt::format("{}: {} {}{}\n", data::one_line(flags.out),
                                     fmt::join(names, " and "),
                                     described.front().second.shape().text(),
                                     labels.empty() ? "" : fmt::format(", labels [{}]", count));
  }
  return exit_done;
}

Action declare(CommandLine& command) {
  auto flags = std::make_shared<EncodeFlags>();
  add_run_flags(command, *flags, "not used: the posteriors need no noise");
  add_data_flags(command, *flags);
  command.flag("--out", flags->out, "the file; one that exists is replaced; - is stdout")
      .required()
      .type("FILE.npz");
  command.footer(
      "numpy.load reads the arrays mean [N, L], log_variance [N, L] (float32) and, if\n"
      "the data have them, labels [N] (int64), in the order of the split. Discrete\n"
      "posteriors have probabilities instead, [N, L] or, categorical, [N, L, K].\n\n"
      "Examples:\n"
      "  nelbo encode runs/burda-mnist-elbo-s0 --out z.npz\n"
      "  nelbo encode runs/burda-mnist-elbo-s0 --split train --out z-train.npz\n"
      "  nelbo encode runs/burda-mnist-elbo-s0 --data fashion-mnist --out other.npz --json");
  return [flags] { return encode_examples(*flags); };
}

}  // namespace

Command encode_command() {
  return {"encode", "Write the posteriors Q(Z|x) of data as .npz", declare};
}

}  // namespace nelbo
