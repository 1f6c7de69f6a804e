#include "lab/training/run_data.hpp"

#include "autodiff/error.hpp"
#include "lab/data/load.hpp"

namespace nelbo {

std::unique_ptr<data::Dataset> load_run_data(TrainConfig& config) {
  config.data = data::absolute_spec(config.data);
  auto data = std::make_unique<data::Dataset>(data::load_dataset(
      config.data,
      {.holdout = config.holdout, .seed = config.seed, .validation = config.validation}));
  const std::string hash = data::content_hash(*data);
  if (!config.data_hash.empty() && config.data_hash != hash) {
    throw Error(config.data + ": the content has SHA-256 " + hash + ", the run was made with " +
                config.data_hash + "; put the data of the run there");
  }
  config.data_hash = hash;
  return data;
}

}  // namespace nelbo
