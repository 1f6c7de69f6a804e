// A trained model, applied to arrays.
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "apps/cli/run_flags.hpp"
#include "autodiff/error.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/evaluation/inference.hpp"
#include "lab/evaluation/log_weight_tape.hpp"
#include "lab/training/loaded_run.hpp"
#include "python/src/arrays.hpp"
#include "python/src/computing.hpp"
#include "python/src/laboratory.hpp"

namespace nelbo::python {
namespace {

class PythonModel {
 public:
  explicit PythonModel(const std::filesystem::path& path) : path_(path), loaded_(open(path)) {}

  const LoadedModel& loaded() const { return loaded_; }

  /// Mean and log-variance of Q(Z|x) of all examples of a split of the data that SPEC names.
  std::pair<Encoded, std::vector<std::string>> encoded(const std::string& spec,
                                                       const std::string& split) const {
    const Computing computing;
    const LoadedRun run = open_run(path_, {spec, ""});
    return {encode(*run.model, run.examples(split_of(run, split))), run.notes};
  }

  /// log P(x|z) + log P0(z) - log Q(z|x) of draws of the evaluation noise for each example, [draws, N], and notes.
  std::pair<Tensor, std::vector<std::string>> log_weights(std::int64_t draws,
                                                          std::optional<std::size_t> most,
                                                          const std::string& spec,
                                                          const std::string& split,
                                                          std::optional<std::uint64_t> seed) const {
    const Computing computing;
    const LoadedRun run = open_run(path_, {spec, ""});
    const Examples examples = run.examples(split_of(run, split));
    const std::size_t count = std::min(most.value_or(examples.count()), examples.count());
    const Tensor all({draws, std::int64_t(count)});
    LogWeightTape tape(*run.model, draws, count);
    for (std::size_t first = 0; first < count; first += tape.batch()) {
      const std::size_t n = std::min(tape.batch(), count - first);
      tape.load(examples, first, n);
      for (std::int64_t s = 0; s < draws; s += tape.chunk()) {
        const std::span<const float> chunk = tape.run(seed.value_or(run.config.seed), s);
        for (std::int64_t i = s; i < std::min(s + tape.chunk(), draws); ++i) {
          std::copy_n(chunk.data() + std::size_t(i - s) * tape.batch(), n,
                      all.data_as<float>() + std::size_t(i) * count + first);
        }
      }
    }
    return {all, run.notes};
  }

  /// Means E[X|z], [N, ...example].
  Tensor decoded(const Tensor& z, const std::string& condition) const {
    return as_examples(decode_means(*loaded_.model, z, conditions(condition, z.shape()[0])));
  }

  /// n codes of the prior with their means, and data drawn of these.
  std::vector<Tensor> sampled(std::int64_t n, std::optional<std::uint64_t> seed, bool draw,
                              const std::string& condition) const {
    const Computing computing;
    const std::uint64_t of = seed.value_or(loaded_.config.seed);
    const Tensor given = conditions(condition, n);
    const Tensor z = sample_prior(*loaded_.model, std::size_t(n), of, given);
    std::vector<Tensor> all{z, as_examples(decode_means(*loaded_.model, z, given))};
    if (draw) all.push_back(as_examples(sample_data(*loaded_.model, z, of, given)));
    return all;
  }

 private:
  /// The one that is named, else `test` or the first.
  static const data::Split& split_of(const LoadedRun& run, const std::string& name) {
    if (!name.empty()) return run.data->split(name);
    const data::Split* const test = run.data->find("test");
    return test != nullptr ? *test : run.data->splits.front();
  }

  static LoadedModel open(const std::filesystem::path& path) {
    const Computing computing;
    return open_model(path);
  }

  Tensor conditions(const std::string& condition, std::int64_t n) const {
    RunFlags flags;
    flags.condition = condition;
    return chosen_conditions(flags, loaded_.config, n);
  }

  Tensor as_examples(const Tensor& rows) const {
    Shape shape{rows.shape()[0]};
    if (loaded_.config.example.size() + 1 > std::size_t(max_rank)) return rows;
    for (const std::int64_t length : loaded_.config.example) shape.push_back(length);
    return shape.size() == rows.size() ? rows.reshape(shape) : rows;
  }

  std::filesystem::path path_;
  LoadedModel loaded_;
};

Tensor codes_of(const PythonModel& model, nb::handle given) {
  const AnyArray array = array_of(given);
  const std::int64_t numbers = model.loaded().model->codes().dimensions();
  const Tensor z = tensor_of(array, DType::f32);
  const Tensor copy(z.shape());
  copy.copy_from(z);
  if (z.shape().rank() == 1 && z.shape()[0] == numbers) return copy.reshape({1, numbers});
  if (z.shape().rank() >= 2 && z.shape()[0] > 0 && z.size() / z.shape()[0] == numbers) {
    return copy.reshape({z.shape()[0], numbers});
  }
  throw Error("decode: z of shape " + z.shape().text() + "; codes are [N, " +
              std::to_string(numbers) + "]");
}

}  // namespace

nb::dict parameters_of(const ParameterStore& store, nb::handle owner) {
  nb::dict all;
  for (const ParameterStore::Entry& entry : store.entries()) {
    all[nb::str(entry.name.c_str())] = numpy_view(store.tensor(entry.name), owner);
  }
  return all;
}

void bind_models(nb::module_& module) {
  nb::class_<PythonModel>(module, "Model")
      .def(nb::init<const std::filesystem::path&>(), nb::arg("path"),
           nb::sig("def __init__(self, path: str | os.PathLike[str]) -> None"))
      .def_prop_ro("name", [](const PythonModel& self) { return self.loaded().name; })
      .def_prop_ro("notes", [](const PythonModel& self) { return self.loaded().notes; })
      .def_prop_ro("latent",
                   [](const PythonModel& self) { return self.loaded().model->codes().variables; })
      .def_prop_ro("example", [](const PythonModel& self) { return self.loaded().config.example; })
      .def_prop_ro(
          "parameters",
          [](nb::object self) {
            return parameters_of(*nb::cast<PythonModel&>(self).loaded().store, self);
          },
          nb::sig("def parameters(self) -> dict[str, "
                  "numpy.typing.NDArray[numpy.float32]]"))
      .def(
          "encode",
          [](const PythonModel& self, const std::string& spec, const std::string& split) {
            const auto [q, notes] = self.encoded(spec, split);
            return nb::make_tuple(
                numpy_of(q.mean, true),
                q.log_variance.size() > 0 ? numpy_of(q.log_variance, true) : nb::object(nb::none()),
                nb::cast(notes));
          },
          nb::arg("spec"), nb::arg("split"),
          nb::sig("def encode(self, spec: str, split: str) -> "
                  "tuple[numpy.typing.NDArray[numpy.float32], "
                  "numpy.typing.NDArray[numpy.float32] | None, list[str]]"))
      .def(
          "log_weights",
          [](const PythonModel& self, std::int64_t draws, std::optional<std::size_t> examples,
             const std::string& spec, const std::string& split, std::optional<std::uint64_t> seed) {
            if (draws < 1 || examples == 0) {
              throw Error("log_weights: at least one draw and one example are needed");
            }
            const auto [weights, notes] = self.log_weights(draws, examples, spec, split, seed);
            return nb::make_tuple(numpy_of(weights, true), nb::cast(notes));
          },
          nb::arg("draws"), nb::arg("examples").none(), nb::arg("spec"), nb::arg("split"),
          nb::arg("seed").none(),
          nb::sig("def log_weights(self, draws: int, examples: int | None, spec: str, split: str, "
                  "seed: int | None) -> tuple[numpy.typing.NDArray[numpy.float32], list[str]]"))
      .def(
          "decode",
          [](const PythonModel& self, nb::object z, const std::string& condition) {
            const Tensor codes = codes_of(self, z);
            Tensor means;
            {
              const Computing computing;
              means = self.decoded(codes, condition);
            }
            return numpy_of(means, true);
          },
          nb::arg("z"), nb::arg("condition"),
          nb::sig("def decode(self, z: object, condition: str) -> "
                  "numpy.typing.NDArray[numpy.float32]"))
      .def(
          "sample",
          [](const PythonModel& self, std::int64_t n, std::optional<std::uint64_t> seed, bool draw,
             const std::string& condition) {
            if (n < 1) throw Error("sample: n is at least 1");
            nb::list all;
            for (const Tensor& one : self.sampled(n, seed, draw, condition)) {
              all.append(numpy_of(one, true));
            }
            return all;
          },
          nb::arg("n"), nb::arg("seed").none(), nb::arg("draw"), nb::arg("condition"),
          nb::sig("def sample(self, n: int, seed: int | None, draw: bool, condition: str) -> "
                  "list[numpy.typing.NDArray[numpy.float32]]"));
}

}  // namespace nelbo::python
