#include "apps/support/loaded_run.hpp"

#include "apps/support/checkpoint.hpp"
#include "apps/support/run_data.hpp"
#include "apps/support/run_folder.hpp"
#include "apps/support/trainer.hpp"
#include "autodiff/error.hpp"

namespace nelbo {

Examples LoadedRun::test() const {
  return Examples(*data, data->split("test"), data::parse_binarize(config.binarize),
                  Examples::Role::test, config.seed);
}

LoadedRun open_run(const std::filesystem::path& run, const std::string& data_spec) {
  const bool is_checkpoint = run.extension() == ".safetensors";
  const RunFolder folder = RunFolder::open(
      is_checkpoint ? std::filesystem::absolute(run).parent_path().parent_path() : run);
  const std::string checkpoint = is_checkpoint ? run.string() : folder.last();

  LoadedRun loaded;
  loaded.folder = folder.path();
  apply_toml(loaded.config, read_text(folder.config()), folder.config());
  if (!data_spec.empty()) {
    loaded.config.data = data_spec;
    loaded.config.data_hash.clear();
    loaded.config.holdout = 0;
  }
  loaded.data = load_run_data(loaded.config);

  // Initial values, among them the data's moments, are replaced at once: any will do.
  loaded.store = std::make_unique<ParameterStore>();
  const Shape features{loaded.data->splits.front().images.features()};
  const DataMoments moments{Tensor::full(features, 0.5), Tensor::full(features, 1)};
  try {
    Networks networks = make_networks(loaded.config, *loaded.data, moments, *loaded.store);
    loaded.model = std::move(networks.model);
    loaded.critic = std::move(networks.critic);
    load_parameters(checkpoint, *loaded.store);
  } catch (const Error& error) {
    if (data_spec.empty()) throw;
    throw Error("--data " + data_spec + ": examples of shape " +
                data::shape_text(loaded.data->example_shape()) + " do not go with the model of " +
                run.string() + " (" + error.what() + ")");
  }
  return loaded;
}

}  // namespace nelbo
