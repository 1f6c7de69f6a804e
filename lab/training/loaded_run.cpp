#include "lab/training/loaded_run.hpp"

#include <functional>
#include <numeric>
#include <span>

#include "autodiff/error.hpp"
#include "lab/training/checkpoint.hpp"
#include "lab/training/run_data.hpp"
#include "lab/training/run_folder.hpp"
#include "lab/training/trainer.hpp"

namespace nelbo {
namespace {

constexpr std::int64_t most_features = std::int64_t{1} << 27;

/// The shape that config.toml gives for one example.
Shape shape_of(const std::vector<std::int64_t>& example, const std::string& origin) {
  std::int64_t features = 1;
  for (const std::int64_t length : example) {
    features = length >= 1 && length <= most_features / features ? features * length : 0;
    if (features == 0) break;
  }
  if (example.empty() || example.size() > max_rank || features == 0) {
    throw Error(origin + ": 'example' must be the shape of one example, as in [28, 28]");
  }
  return Shape(std::span<const std::int64_t>(example));
}

/// Whether two shapes say the same of a row of values: equal but for axes of length 1, or one of
/// them flat.
bool same_pixels(std::vector<std::int64_t> a, std::vector<std::int64_t> b) {
  std::erase(a, 1);
  std::erase(b, 1);
  if (a == b) return true;
  const auto features = [](const std::vector<std::int64_t>& shape) {
    return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
  };
  return (a.size() == 1 || b.size() == 1) && features(a) == features(b);
}

}  // namespace

Examples LoadedRun::test() const {
  return Examples(*data, data->split("test"), data::parse_binarize(config.binarize),
                  Examples::Role::test, config.seed);
}

LoadedModel open_model(const std::filesystem::path& run) {
  const bool is_checkpoint = run.extension() == ".safetensors";
  const RunFolder folder = RunFolder::open(
      is_checkpoint ? std::filesystem::absolute(run).parent_path().parent_path() : run);

  LoadedModel loaded;
  loaded.folder = folder.path();
  apply_toml(loaded.config, read_text(folder.config()), folder.config());
  const Shape example = shape_of(loaded.config.example, folder.config());

  // Initial values, among them the data's moments, are replaced at once: any will do.
  loaded.store = std::make_unique<ParameterStore>();
  const Shape features{example.size()};
  const DataMoments moments{Tensor::full(features, 0.5), Tensor::full(features, 1)};
  static_cast<Networks&>(loaded) = make_networks(resolve(loaded.config), moments, *loaded.store);
  loaded.step = load_parameters(is_checkpoint ? run.string() : folder.last(), *loaded.store);
  return loaded;
}

LoadedRun open_run(const std::filesystem::path& run, const std::string& data_spec) {
  LoadedRun loaded{open_model(run), nullptr};
  TrainConfig& config = loaded.config;
  if (!data_spec.empty()) {
    config.data = data_spec;
    config.data_hash.clear();
    config.holdout = 0;
  }
  loaded.data = load_run_data(config);
  const std::vector<std::int64_t>& given = loaded.data->example_shape();
  if (!same_pixels(given, config.example)) {
    throw Error(config.data + ": examples of shape " + data::shape_text(given) +
                " do not go with the model of " + run.string() + ", whose examples have shape " +
                data::shape_text(config.example));
  }
  return loaded;
}

}  // namespace nelbo
