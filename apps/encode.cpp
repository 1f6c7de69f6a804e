#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <ostream>

#include "apps/cli/commands.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/refusal.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/cli/standard_streams.hpp"
#include "apps/exit_code.hpp"
#include "autodiff/joined.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/evaluation/inference.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/npz_write.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {
namespace {

/// Bytes of an archive that x may take, so that the other arrays have room beside it.
constexpr std::uint64_t most_x_bytes = std::uint64_t{7} << 29;  // 3.5 GiB of the 4 that there are

struct EncodeFlags : RunFlags {
  std::string out;
};

data::ArrayView view(const Tensor& tensor) {
  const auto dims = tensor.shape().dims();
  return {data::StoredType::float32, {dims.begin(), dims.end()}, tensor.data()};
}

/// What describes the posteriors, under the names of the file: [N, L], [N, L, K] of one-hot rows, [N, L, 2] of
/// points on circles, [N, D] of codes in blocks.
std::vector<std::pair<std::string, Tensor>> arrays_of(const Encoded& q, const CodeSpace& codes) {
  if (q.log_variance.size() > 0) return {{"mean", q.mean}, {"log_variance", q.log_variance}};
  const bool mixed = codes.kind == CodeSpace::Kind::mixed, rows = !mixed && codes.width() > 1;
  const char* const name = !mixed && codes.discrete() ? "probabilities" : "mean";
  const Shape by_variable{q.mean.shape()[0], codes.variables, codes.width()};
  std::vector<std::pair<std::string, Tensor>> arrays{
      {name, rows ? q.mean.reshape(by_variable) : q.mean}};
  if (codes.labels > 0) arrays.emplace_back("label_probabilities", q.label_probabilities);
  return arrays;
}

/// What the arrays of a file are made of: it must outlive their writing.
struct Sources {
  std::vector<std::pair<std::string, Tensor>> posteriors;
  std::vector<std::int64_t> classes;  // of factors
};

/// x as the model saw it, [N, ...]: float32, or uint8 where every value is 0 or 1.
ArrayInBlocks x_of(const Examples& examples, bool missing) {
  const Extent extent = examples.extent();
  const bool binary = !missing && extent.whole && extent.least >= 0 && extent.greatest <= 1;
  std::vector<std::int64_t> shape = examples.split().images.shape();
  shape.insert(shape.begin(), std::int64_t(examples.count()));
  const auto values = [&examples, binary](const TakeBytes& take) {
    const std::size_t width = examples.features();
    const std::size_t block = std::max<std::size_t>(1, (std::size_t{1} << 20) / width);
    std::vector<float> x(block * width);
    std::vector<std::uint8_t> bits(binary ? x.size() : 0);
    std::vector<std::uint32_t> rows;
    for (std::size_t start = 0; start < examples.count(); start += block) {
      rows.resize(std::min(block, examples.count() - start));
      std::iota(rows.begin(), rows.end(), std::uint32_t(start));
      examples.fill_features(x.data(), rows, 0);
      const std::size_t n = rows.size() * width;
      std::copy_n(x.begin(), bits.empty() ? 0 : n, bits.begin());
      if (binary)
        take(bits.data(), n);
      else
        take(x.data(), n * sizeof(float));
    }
  };
  return {binary ? data::StoredType::uint8 : data::StoredType::float32, std::move(shape), values};
}

/// Adds x, with NaN where an entry is `missing`, labels and factors of the examples, as far as they have
/// them.
void add_data(NpzContent& content, Sources& sources, const data::Dataset& data,
              const Examples& examples, bool missing) {
  const data::Split& split = examples.split();
  const auto count = std::int64_t(examples.count());
  ArrayInBlocks x = x_of(examples, missing);
  const std::uint64_t bytes =
      std::uint64_t(examples.count()) * examples.features() * data::item_size(x.type);
  if (bytes <= most_x_bytes) {
    content.in_blocks["x"] = std::move(x);
  } else {
    tell(fmt::format(
        "x, {} {} of {:.1f} GiB, is left out: one file takes 3.5; another --split is "
        "smaller",
        data::shape_text(x.shape), data::type_name(x.type), double(bytes) / double(1 << 30)));
  }
  if (!split.labels.empty())
    content.arrays["labels"] = {data::StoredType::int64, {count}, split.labels.data()};
  if (split.factors.empty()) return;
  const auto columns = std::int64_t(data.factor_names.size());
  sources.classes.assign(split.factors.begin(), split.factors.end());
  content.arrays["factor_classes"] = {
      data::StoredType::int64, {count, columns}, sources.classes.data()};
  if (!split.factor_values.empty())
    content.arrays["factor_values"] = {
        data::StoredType::float64, {count, columns}, split.factor_values.data()};
  content.texts["factor_names"] = data.factor_names;
}

int encode_examples(const EncodeFlags& flags) {
  read_setting("out", [&] { check_output(flags.out); });
  const AppliedRun applied = apply_run(flags);
  const CodeSpace codes = applied.run.model->codes();
  const Encoded q = encode(*applied.run.model, applied.examples);
  Sources sources{.posteriors = arrays_of(q, codes), .classes = {}};
  const auto& described = sources.posteriors;
  for (const auto& [name, values] : described) {
    const Tensor rows = values.reshape({values.shape()[0], values.size() / values.shape()[0]});
    if (const auto row = row_not_finite(rows)) {
      return refuse_not_finite(fmt::format("'{}' of example {}", name, *row));
    }
  }
  NpzContent content;
  std::vector<std::string> names;
  for (const auto& [name, values] : described) {
    content.arrays[name] = view(values);
    names.push_back(name);
  }
  const Likelihood* const likelihood = applied.run.model->likelihood();
  add_data(content, sources, *applied.run.data, applied.examples,
           likelihood != nullptr && likelihood->of_observed());
  write_npz(flags.out, content);

  const std::int64_t count = q.mean.shape()[0], latent = codes.variables;
  if (flags.common.json) {
    nlohmann::ordered_json object;
    object["out"] = flags.out;
    object["data"] = applied.run.config.data;
    object["split"] = applied.examples.split().name;
    object["count"] = count;
    object["latent"] = latent;
    object["x"] = content.in_blocks.contains("x");
    object["labels"] = content.arrays.contains("labels");
    object["factors"] = content.texts["factor_names"];
    print_json(object, beside(flags.out));
  } else {
    std::string more;
    for (const auto& [name, x] : content.in_blocks)
      more += fmt::format(", {} [{}]", name, joined(x.shape, ", "));
    for (const auto& [name, array] : content.arrays)
      if (std::find(names.begin(), names.end(), name) == names.end())
        more += fmt::format(", {} [{}]", name, joined(array.shape, ", "));
    beside(flags.out) << fmt::format("{}: {} {}{}\n", data::one_line(flags.out),
                                     joined(names, " and "),
                                     described.front().second.shape().text(), more);
  }
  return exit_done;
}

Action declare_encode(CommandLine& command) {
  auto flags = std::make_shared<EncodeFlags>();
  add_run_flags(command, *flags, "not used: the posteriors need no noise");
  add_data_flags(command, *flags);
  command.flag("--out", flags->out, "the file; one that exists is replaced; - is stdout")
      .required()
      .type("FILE.npz");
  command.footer(
      "numpy.load reads, in the order of the split, the arrays\n"
      "  mean, log_variance  [N, L], float32; the latter of normal posteriors alone. Discrete\n"
      "                      ones have probabilities instead, [N, L] or, categorical,\n"
      "                      [N, L, K]; of points on circles mean is [N, L, 2], of codes in\n"
      "                      blocks [N, D], with the probabilities of discrete blocks\n"
      "  label_probabilities [N, K], Q(c|x) of a run with --labels-used; mean is then\n"
      "                      E[z|x] over the labels\n"
      "  x                   [N, ...] as the model saw it, scaled and binarized: float32,\n"
      "                      or uint8 where every value is 0 or 1; up to 3.5 GiB\n"
      "  labels              [N], int64, if the data have them; likewise\n"
      "  factor_classes, factor_values, factor_names  [N, F] int64 and float64, [F]\n\n"
      "Examples:\n"
      "  nelbo encode runs/burda-mnist-elbo-s0 --out z.npz\n"
      "  nelbo encode runs/burda-mnist-elbo-s0 --split train --out z-train.npz\n"
      "  nelbo encode runs/burda-mnist-elbo-s0 --data fashion-mnist --out other.npz --json");
  return [flags] { return encode_examples(*flags); };
}

}  // namespace

Command encode_command() {
  return {"encode", "Write the posteriors Q(Z|x) of data, with x, labels and factors, as .npz",
          declare_encode};
}

}  // namespace nelbo
