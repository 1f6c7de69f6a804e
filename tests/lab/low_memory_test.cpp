// Training in low memory: what is held of a batch, and that a run's bits are those of as many parts.
#include <algorithm>
#include <string>
#include <vector>

#include "autodiff/setting_error.hpp"
#include "lab/training/batch_in_parts.hpp"
#include "lab/training/trainer.hpp"
#include "models/vae.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/language/expression.hpp"
#include "tests/catch.hpp"
#include "tests/lab/thread_ranks.hpp"
#include "tests/lab/train_data.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

/// Bytes of values and cotangents of a batch of 64 images of 64 x 64 pixels, after a step.
std::size_t bytes_of_convolutions(std::size_t parts, Memory memory) {
  VaeConfig config;
  config.architecture = "conv64";
  config.example = {64, 64};
  config.latent = 10;
  ParameterStore store;
  const DataMoments moments{Tensor::full({4096}, 0.1, DType::f64),
                            Tensor::full({4096}, 0.1, DType::f64)};
  const Vae model(config, moments, store);
  store.freeze(0);
  const Auxiliaries none;
  const Term objective = parse_objective("elbo");
  BatchInParts batch(
      64, parts, one_process(),
      [&](std::size_t rows, std::optional<BatchPart> part) {
        return std::make_unique<RecordedBatch>(model, none, objective, estimators::reparam(),
                                               Population{.size = 1000}, rows,
                                               RecordedBatch::Use::training, std::move(part));
      },
      memory);
  const std::vector<std::uint32_t> rows = all_rows(64);
  batch.forward(
      [](const Tensor& x, std::span<const std::uint32_t>) {
        std::fill_n(x.data_as<float>(), x.size(), 0.5f);
      },
      {random_variables::training, 0, 0, rows, {}});
  GradientTree tree(store, parts, one_process());
  GradientSink gradient(store);
  const Range all{0, store.size()};
  batch.backward(tree, {&all, 1}, gradient, {});
  return batch.bytes();
}

}  // namespace

TEST_CASE("low memory: convolutions in four parts hold less than a third of the whole batch") {
  const double whole = double(bytes_of_convolutions(1, Memory::ample));
  CHECK(double(bytes_of_convolutions(4, Memory::ample)) > 0.95 * whole);
  const double low = double(bytes_of_convolutions(4, Memory::low));
  INFO(low / whole << " of " << whole << " bytes");
  CHECK(low < whole / 3);
}

TEST_CASE("low memory: a run has the bits of as many parts, by one or two ranks") {
  const data::Dataset data = tiny_data();
  TrainConfig config = tiny_config();
  config.batch = 23;  // 23, 23 and 4 of 50
  config.clip = 3;
  const auto trained = [&](Ranks& ranks, std::int64_t parts, Memory memory) {
    TrainConfig own = config;
    own.parts = parts;
    Trainer trainer(own, data, ranks, memory);
    trainer.fit(2);
    const auto* first = static_cast<const float*>(trainer.store().data());
    return std::vector<float>(first, first + trainer.store().size());
  };
  for (const char* objective : {"elbo", "iw(m=4)", "baseline"}) {
    INFO(objective);
    config.objective = objective;
    if (config.objective ==
        "baseline") {  // a network beside the model, whose gradient asks for all parts again
      config.objective = "iw(m=2)";
      config.posterior = "bernoulli";
      config.estimator = "score(baseline=learned)";
    }
    const std::vector<float> ample = trained(one_process(), 4, Memory::ample);
    CHECK(trained(one_process(), 4, Memory::low) == ample);
    CHECK(trained(one_process(), 0, Memory::low) == ample);  // 4 where nothing is said
    std::vector<std::vector<float>> of_ranks(2);
    as_ranks(2, [&](Ranks& ranks) {
      of_ranks[std::size_t(ranks.rank())] = trained(ranks, 0, Memory::low);
    });
    for (const std::vector<float>& one : of_ranks) CHECK(one == ample);
  }
}

TEST_CASE("low memory is refused where it cannot be") {
  const data::Dataset data = tiny_data();
  TrainConfig config = tiny_config();
  const auto why = [&] {
    try {
      Trainer trainer(config, data, one_process(), Memory::low);
    } catch (const SettingError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  config.batch = 20;
  CHECK(why().empty());
  config.parts = 1;
  CHECK_THAT(why(), contains("one part of every batch"));
  config.parts = 4;
  config.objective = "beta_tcvae";
  CHECK_THAT(why(), contains("compares the data of a batch"));
}
